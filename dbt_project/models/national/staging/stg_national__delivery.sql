-- The force that delivered a file is told by the file's name, which landing has checked.
with
    delivery as (select * from {{ ref("stg_audit__delivery") }}),

    of_forces as (
        select
            -- ids
            force_code,
            batch_id,
            upper(
                {{ first_match("source_place", "_([A-Za-z][0-9]{8})_") }}
            ) as reporting_force_code,

            -- text
            dataset,
            reason,

            -- booleans
            is_landed,

            -- times
            delivered_at
        from delivery
    )

select *
from of_forces

with recursive
    -- Figures of the whole force are added by each measure, because they include records of no
    -- unit.
    unit as (select * from {{ ref("stg_hr__org_unit") }} where org_unit_code <> 'ALL'),

    climb as (
        select
            force_code,
            org_unit_code,
            org_unit_code as ancestor_code,
            parent_org_unit_code as next_code,
            valid_from,
            valid_to,
            0 as steps
        from unit
        union all
        select
            climb.force_code,
            climb.org_unit_code,
            parent.org_unit_code,
            parent.parent_org_unit_code,
            greatest(climb.valid_from, parent.valid_from),
            least(climb.valid_to, parent.valid_to),
            climb.steps + 1
        from climb
        inner join
            unit as parent
            on climb.force_code = parent.force_code
            and climb.next_code = parent.org_unit_code
            and climb.valid_from < parent.valid_to
            and parent.valid_from < climb.valid_to
        -- A file may by mistake put two units above each other (A above B, B above A). Without a
        -- limit, the recursion would then never end.
        where climb.steps < 10 and parent.org_unit_code <> climb.org_unit_code
    ),

    final as (
        select distinct force_code, org_unit_code, ancestor_code, valid_from, valid_to from climb
    )

select *
from final

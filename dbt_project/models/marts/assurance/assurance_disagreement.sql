with
    final as (
        select
            disagreement.force_code,
            disagreement.point_code,
            disagreement.disagreed_from,
            disagreement.disagreed_until,
            cast(disagreement.days as integer) as days,
            disagreement.force_self_assessment,
            disagreement.commissioner_judgement,
            disagreement.data_status,
            build.publication_id
        from {{ ref("int_disagreement") }} as disagreement
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final

with
    final as (
        select distinct point.point_code, dataset.dataset, dataset.can_move
        from {{ ref("int_point") }} as point
        inner join
            {{ ref("measure_dataset") }} as dataset on point.measure_code = dataset.measure_code
    )

select *
from final

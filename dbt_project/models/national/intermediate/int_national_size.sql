-- The numbers of cases for which limits are computed: those of the forces, and some between 1 and a
-- little more than the largest, from which a curve is drawn.
with
    centre as (select * from {{ ref("int_national_centre") }} where centre is not null),

    of_forces as (
        select
            position.force_code,
            position.comparison_group,
            position.point_code,
            position.denominator
        from {{ ref("int_national_position") }} as position
        where position.is_alike and position.denominator > 0
    ),

    largest as (
        select force_code, comparison_group, point_code, max(denominator) as denominator
        from of_forces
        group by force_code, comparison_group, point_code
    ),

    step as (select spine.number from {{ number_spine(1, 60) }} as spine),

    -- The steps are squares, because the limits bend most where the numbers are small. The last one
    -- is a tenth more than the largest number: 60 squared is 3,600.
    of_curve as (
        select
            largest.force_code,
            largest.comparison_group,
            largest.point_code,
            cast(
                ceiling(
                    cast(
                        11
                        * largest.denominator
                        * step.number
                        * step.number as {{ dbt.type_float() }}
                    )
                    / 36000
                ) as bigint
            ) as denominator
        from largest
        cross join step
    ),

    every_size as (
        select *
        from of_forces
        union
        select *
        from of_curve
    ),

    final as (
        select every_size.*, centre.centre
        from every_size
        inner join
            centre
            on every_size.force_code = centre.force_code
            and every_size.comparison_group = centre.comparison_group
            and every_size.point_code = centre.point_code
    )

select *
from final

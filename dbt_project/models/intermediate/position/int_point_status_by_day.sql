with
    figure as (
        select
            figure.*,
            coalesce(figure.day < point.deadline, true) as is_before_deadline,
            max(case when figure.is_met then 1 else 0 end) over (
                partition by figure.force_code, figure.point_code order by figure.day
            )
            = 1 as is_ever_met,
            max(case when figure.is_met and figure.day = point.deadline then 1 else 0 end) over (
                partition by figure.force_code, figure.point_code
            )
            = 1 as is_met_on_deadline
        from {{ ref("int_point_figure_by_day") }} as figure
        inner join
            {{ ref("int_point") }} as point
            on figure.force_code = point.force_code
            and figure.point_code = point.point_code
    ),

    with_status as (
        select
            figure.force_code,
            figure.point_code,
            figure.day,
            figure.figure_from,
            figure.numerator,
            figure.denominator,
            {{ status_of_day("trend.is_sustained", "trend.is_slipping") }} as status,
            coalesce(trend.is_slipping and trend.change_high >= 0, false) as is_within_chance
        from figure
        left join
            {{ ref("int_point_trend") }} as trend
            on figure.force_code = trend.force_code
            and figure.point_code = trend.point_code
            and figure.day = trend.day
    ),

    final as (
        select
            *,
            status in ('met_on_time', 'met_late', 'sustained') as is_assured,
            status = 'slipping' and is_within_chance as is_unclear
        from with_status
    )

select *
from final

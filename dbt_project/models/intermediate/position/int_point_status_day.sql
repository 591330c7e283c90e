-- What the data says of every point on every day since it started, exactly in the order of the mart
-- contract. Today's status and that of the deadline day are rows of this.
with
    day as (
        select
            point_day.*,
            coalesce(point_day.day < point.deadline, true) as is_before_deadline,
            max(case when point_day.is_met then 1 else 0 end) over (
                partition by point_day.force_code, point_day.point_code order by point_day.day
            )
            = 1 as is_ever_met,
            max(
                case when point_day.is_met and point_day.day = point.deadline then 1 else 0 end
            ) over (partition by point_day.force_code, point_day.point_code)
            = 1 as is_met_on_deadline
        from {{ ref("int_point_day") }} as point_day
        inner join
            {{ ref("int_point") }} as point
            on point_day.force_code = point.force_code
            and point_day.point_code = point.point_code
    ),

    judged as (
        select
            day.force_code,
            day.point_code,
            day.day,
            day.numerator,
            day.denominator,
            case
                when day.is_before_deadline and day.numerator = 0
                then 'not_started'
                when trend.is_sustained
                then 'sustained'
                when trend.is_slipping
                then 'slipping'
                when day.is_before_deadline
                then 'in_progress'
                when day.is_met and day.is_met_on_deadline
                then 'met_on_time'
                when day.is_met
                then 'met_late'
                when day.is_ever_met
                then 'slipping'
                else 'overdue'
            end as status
        from day
        left join
            {{ ref("int_nccu_trend") }} as trend
            on day.point_code = 'NCCU_INTEL'
            and day.force_code = trend.force_code
            and day.day = trend.day
    ),

    final as (
        select *, status in ('met_on_time', 'met_late', 'sustained') as is_assured from judged
    )

select *
from final

-- The position of each point at the end of each month, and on the day of the publication.
select point_code, day, numerator, denominator, value, status
from (
    select
        *,
        row_number() over (
            partition by force_code, point_code, date_trunc('month', day) order by day desc
        ) as days_to_month_end
    from marts.assurance_position_day
) as history
where days_to_month_end = 1
order by point_code, day

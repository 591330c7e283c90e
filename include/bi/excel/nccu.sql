-- The share of referrals with their document in each month, for the whole force, with its 95% interval.
select
    figure.date_day as "Month",
    figure.numerator as "Met",
    figure.denominator as "Of",
    figure.value as "Share",
    figure.ci_low as "Interval from",
    figure.ci_high as "Interval to",
    case when figure.is_complete_period then 'Yes' else 'No' end as "Month is over",
    figure.publication_id as "Publication"
from marts.assurance_measure as figure
inner join marts.dim_point as point on figure.measure_code = point.measure_code
where point.point_code = 'NCCU_INTEL' and figure.org_unit_code = 'ALL'
order by figure.date_day

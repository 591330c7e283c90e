-- Every measure of the whole force by month, with its 95% interval if it is a share.
select
    coalesce(figure.point_label, figure.point_code) as "Point",
    coalesce(figure.measure_label, measure.title) as "Measure",
    figure.period_start as "Month",
    case when measure.unit_of_value = 'share' then figure.value end as "Share",
    case when measure.unit_of_value = 'hours' then figure.value end as "Hours",
    case when measure.unit_of_value = 'count' then figure.numerator end as "Number",
    figure.denominator as "Of",
    figure.ci_low as "Interval from",
    figure.ci_high as "Interval to",
    case when figure.is_complete_period then 'Yes' else 'No' end as "Month is over",
    figure.publication_id as "Publication"
from marts.assurance_measure as figure
inner join marts.dim_measure as measure on figure.measure_code = measure.measure_code
where figure.org_unit_code = 'ALL'
order by figure.point_label, figure.measure_label, figure.period_start

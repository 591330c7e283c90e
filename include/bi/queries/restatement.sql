-- Figures of the whole force that differ from the same figures in the compared publication, with
-- the cause.
select
    measure.title, change.measure_code, change.period_start, change.value_before, change.value_after,
    change.cause, change.record_count, change.compared_with, measure.point_code, measure.unit_of_value
from marts.restatement as change
inner join marts.dim_measure as measure
    on change.force_code = measure.force_code
    and change.measure_code = measure.measure_code
where change.org_unit_code = 'ALL'
order by change.measure_code, change.period_start, change.cause

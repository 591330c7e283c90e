-- Every measure of the whole force by month, with its control limits and two signs: whether the
-- month shows a change (`variation`), and whether the target will be reached (`assurance`).
select
    spc.*,
    measure.title,
    measure.unit_of_value,
    measure.is_of_position
from marts.assurance_spc as spc
inner join marts.dim_measure as measure
    on spc.force_code = measure.force_code
    and spc.measure_code = measure.measure_code
order by spc.measure_code, spc.period_start

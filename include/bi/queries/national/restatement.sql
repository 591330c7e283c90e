-- The figures of past months that forces have changed, and why.
select
    restatement.reporting_force_code, force.force_name, restatement.force_publication_id, restatement.measure_code,
    restatement.measure_label, restatement.period_start, restatement.step, restatement.cause,
    restatement.value_before, restatement.value_after, restatement.value_change
from marts.national_restatement as restatement
inner join
    marts.national_force_state as force
    on restatement.reporting_force_code = force.reporting_force_code
order by
    force.force_name, restatement.force_publication_id, restatement.measure_code, restatement.period_start,
    restatement.step

-- The figure of each force in each of its publications, and why it changed.
select
    history.reporting_force_code, force.force_name, history.point_code, history.force_publication_id,
    history.force_as_at, history.is_current, history.is_withdrawn, history.status, history.numerator,
    history.denominator, history.value, history.value_before, history.value_change, history.why_changed,
    history.causes
from marts.national_history as history
inner join
    marts.national_force_state as force
    on history.reporting_force_code = force.reporting_force_code
order by force.force_name, history.point_code, history.force_publication_id

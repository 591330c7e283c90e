-- The datasets that are not fresh, of the forces whose figures are known.
select source.reporting_force_code, force.force_name, source.source_dataset, source.verdict, source.last_record_at
from marts.national_source as source
inner join
    marts.national_force_state as force on source.reporting_force_code = force.reporting_force_code
where source.verdict <> 'fresh' and force.state = 'REPORTED'
order by force.force_name, source.source_dataset

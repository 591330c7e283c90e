-- The datasets of the forces that are not fresh.
select source.reporting_force_code, force.force_name, source.source_dataset, source.verdict, source.last_record_at
from marts.national_source as source
inner join
    marts.national_force_state as force on source.reporting_force_code = force.reporting_force_code
where source.verdict <> 'fresh'
order by force.force_name, source.source_dataset

-- The number of open exceptions by team and kind. The result names no person and no record.
select
    waiting.point_code,
    waiting.exception_code,
    waiting.org_unit_code,
    unit.org_unit_name,
    sum(waiting.exceptions)::bigint as exceptions,
    max(waiting.oldest_age_days) as oldest_days
from marts.assurance_exception_summary as waiting
left join marts.dim_org_unit as unit
    on waiting.force_code = unit.force_code
    and waiting.org_unit_code = unit.org_unit_code
group by
    waiting.point_code,
    waiting.exception_code,
    waiting.org_unit_code,
    unit.org_unit_name
order by waiting.org_unit_code, waiting.exception_code

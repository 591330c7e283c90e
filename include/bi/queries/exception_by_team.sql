-- What waits for somebody to act, by team: how many, and nobody's identity.
select
    exception.point_code,
    exception.exception_code,
    exception.org_unit_code,
    unit.org_unit_name,
    count(*) as exceptions,
    max(exception.age_days) as oldest_days
from marts.assurance_exception as exception
left join marts.dim_org_unit as unit
    on exception.force_code = unit.force_code
    and exception.org_unit_code = unit.org_unit_code
group by
    exception.point_code,
    exception.exception_code,
    exception.org_unit_code,
    unit.org_unit_name
order by exception.org_unit_code, exception.exception_code

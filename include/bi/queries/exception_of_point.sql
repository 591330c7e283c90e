-- The number of open exceptions of each point, by kind, unit and age. A point without an open
-- exception has one row with the number 0.
select
    waiting.point_code,
    waiting.exception_code,
    waiting.age_band,
    coalesce(unit.district_label, 'No district') as district_label,
    coalesce(unit.team_label, 'No team') as team_label,
    waiting.exceptions
from marts.assurance_exception_summary as waiting
inner join marts.dim_org_unit as unit on waiting.org_unit_code = unit.org_unit_code
union all
select point.point_code, 'No open exception', '0-1', 'No district', 'No team', 0
from marts.dim_point as point
where
    not exists (
        select 1
        from marts.assurance_exception_summary as waiting
        where waiting.point_code = point.point_code
    )
order by 1, 2, 3, 4, 5, 6

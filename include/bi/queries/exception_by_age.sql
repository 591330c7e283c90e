-- Open exceptions by point, kind and age, and the officers that they are about.
select
    point_code,
    exception_code,
    age_band,
    sum(exceptions)::bigint as exceptions,
    sum(people)::bigint as people
from marts.assurance_exception_summary
group by point_code, exception_code, age_band
order by point_code, exception_code, age_band

-- Open exceptions by point, kind and age.
select point_code, exception_code, age_band, sum(exceptions)::bigint as exceptions
from marts.assurance_exception_summary
group by point_code, exception_code, age_band
order by point_code, exception_code, age_band

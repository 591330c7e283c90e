-- The lines of each funnel, and the dots of its forces: the share of the forces with this number of cases. Choose one
-- point and one group, because the centre and the limits of others are others.
select
    compared.point_label as funnel_point, compared.group_name as funnel_group, line.denominator, dot.value, line.centre,
    line.lower_998, line.lower_95, line.upper_95, line.upper_998
from marts.national_funnel_limit as line
inner join marts.national_group as compared
    on line.force_code = compared.force_code
    and line.comparison_group = compared.comparison_group
    and line.point_code = compared.point_code
left join marts.national_funnel as dot
    on line.force_code = dot.force_code
    and line.comparison_group = dot.comparison_group
    and line.point_code = dot.point_code
    and line.denominator = dot.denominator
    and dot.reading <> 'NOT_COMPARED'
order by funnel_point, funnel_group, line.denominator

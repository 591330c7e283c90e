-- The dots and lines of each funnel: the forces that are compared. Choose one point and one group, because the centre
-- and the limits of others are others.
select
    funnel.point_label as funnel_point, compared.group_name as funnel_group, funnel.denominator, funnel.value,
    funnel.centre, funnel.lower_998, funnel.lower_95, funnel.upper_95, funnel.upper_998
from marts.national_funnel as funnel
inner join marts.national_group as compared
    on funnel.force_code = compared.force_code
    and funnel.comparison_group = compared.comparison_group
    and funnel.point_code = compared.point_code
where funnel.reading <> 'NOT_COMPARED'
order by funnel_point, funnel_group, funnel.denominator

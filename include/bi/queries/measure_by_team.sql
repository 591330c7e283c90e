-- The measure that decides the position of each point, by team. Referrals are summed over the last
-- twelve complete months and the current month, as in the position. Other figures are those of the
-- current month.
with
    published as (
        select cast(date_trunc('month', as_at at time zone 'Europe/London') as date) as this_month
        from marts.publication as publication
        where is_current
    )

select
    figure.point_code,
    figure.org_unit_code,
    unit.org_unit_name,
    unit.parent_org_unit_code,
    cast(sum(figure.numerator) as bigint) as numerator,
    cast(sum(figure.denominator) as bigint) as denominator
from marts.assurance_measure as figure
cross join published
inner join marts.dim_measure as measure
    on figure.force_code = measure.force_code
    and figure.measure_code = measure.measure_code
    and measure.is_of_position
inner join marts.dim_org_unit as unit
    on figure.force_code = unit.force_code
    and figure.org_unit_code = unit.org_unit_code
where
    unit.kind in ('TEAM', 'UNKNOWN')
    and case
        when figure.point_code = 'NCCU_INTEL'
            then figure.period_start >= published.this_month - interval '12 months'
        else figure.period_start = published.this_month
    end
group by
    figure.point_code, figure.org_unit_code, unit.org_unit_name, unit.parent_org_unit_code
having sum(figure.denominator) > 0
order by figure.point_code, figure.org_unit_code

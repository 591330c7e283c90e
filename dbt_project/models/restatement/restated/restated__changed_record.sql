with
    contribution as (select * from {{ ref("restated__contribution") }}),

    figure as (select * from {{ ref("restated__figure") }}),

    earlier_ancestor as (select * from {{ ref("compared__ancestor") }} where rules = 'today'),

    change as (
        select
            'records' as change, 'earlier_by_todays_rules' as edition_before, 'now' as edition_after
        union all
        select distinct 'rules', 'earlier', 'earlier_by_todays_rules'
        from contribution
        where edition = 'earlier'
    ),

    level as (
        select true as is_force
        union all
        select false
    ),

    {% for side, ancestor in [
        ("after", ref("int_org_unit_ancestor")),
        ("before", "earlier_ancestor"),
    ] %}
        {{ side }}_unit as (
            select
                contribution.*,
                case
                    when level.is_force
                    then 'ALL'
                    else coalesce(ancestor.ancestor_code, contribution.org_unit_code)
                end as unit_code
            from contribution
            inner join level on level.is_force or contribution.org_unit_code <> 'ALL'
            left join
                {{ ancestor }} as ancestor
                on not level.is_force
                and contribution.force_code = ancestor.force_code
                and contribution.org_unit_code = ancestor.org_unit_code
                and contribution.rolled_up_on >= ancestor.valid_from
                and contribution.rolled_up_on < ancestor.valid_to
            where contribution.edition {{ "=" if side == "after" else "<>" }} 'now'
        ),
    {% endfor %}

    in_unit as (
        select unit.*
        from
            (
                select *
                from after_unit
                union all
                select *
                from before_unit
            ) as unit
        inner join
            figure
            on unit.force_code = figure.force_code
            and unit.measure_code = figure.measure_code
            and unit.period_start = figure.period_start
            and unit.unit_code = figure.org_unit_code
    ),

    record_on_side as (
        select change.change, in_unit.edition = change.edition_after as is_after, in_unit.*
        from in_unit
        inner join change on in_unit.edition in (change.edition_before, change.edition_after)
    ),

    before_and_after as (
        select
            change,
            force_code,
            measure_code,
            period_start,
            unit_code as org_unit_code,
            record_kind,
            record_ref,
            max(case when not is_after then org_unit_code end) as team_before,
            max(case when is_after then org_unit_code end) as team_after,
            max(case when not is_after then numerator end) as numerator_before,
            max(case when is_after then numerator end) as numerator_after,
            max(case when not is_after then denominator end) as denominator_before,
            max(case when is_after then denominator end) as denominator_after,
            max(case when not is_after then hours end) as hours_before,
            max(case when is_after then hours end) as hours_after
        from record_on_side
        group by change, force_code, measure_code, period_start, unit_code, record_kind, record_ref
    ),

    compared_record as (
        select
            *,
            numerator_before is distinct from numerator_after
            or denominator_before is distinct from denominator_after
            or {{ differs("hours_before", "hours_after") }} as is_changed
        from before_and_after
    ),

    final as (
        select *
        from compared_record
        where is_changed or hours_before is not null or hours_after is not null
    )

select *
from final

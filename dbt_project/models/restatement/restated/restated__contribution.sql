with
    span as (
        {% for edition, relation in [
            ("now", ref("contribution")),
            ("earlier_by_todays_rules", ref("compared__contribution")),
            ("earlier", ref("compared__contribution")),
        ] %}
            select
                '{{ edition }}' as edition,
                force_code,
                measure_code,
                record_kind,
                record_ref,
                org_unit_code,
                counts_from,
                counts_to,
                numerator,
                denominator,
                case when numerator is null then hours_to_submission end as hours
            from {{ relation }}
            {% if edition != "now" %}
                where rules = '{{ "earlier" if edition == "earlier" else "today" }}'
                {% endif %} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- The edition under the earlier rules exists only if the rules have changed.
    edition_count as (
        select 2 + coalesce(max(case when edition = 'earlier' then 1 end), 0) as editions from span
    ),

    ancestor as (
        select force_code, org_unit_code, ancestor_code, valid_from, valid_to
        from {{ ref("int_org_unit_ancestor") }}
    ),

    earlier_ancestor as (
        select force_code, org_unit_code, ancestor_code, valid_from, valid_to
        from {{ ref("compared__ancestor") }}
        where rules = 'today'
    ),

    moved_team as (
        (
            select *
            from ancestor
            except
            select *
            from earlier_ancestor
        )
        union
        (
            select *
            from earlier_ancestor
            except
            select *
            from ancestor
        )
    ),

    -- Most records add the same in all editions. They are left out, unless a unit above their team
    -- has changed, or their hours are needed for a percentile.
    changed_span as (
        select force_code, measure_code, record_kind, record_ref
        from span
        group by
            force_code,
            measure_code,
            record_kind,
            record_ref,
            org_unit_code,
            counts_from,
            counts_to,
            numerator,
            denominator,
            hours
        having count(*) < (select editions from edition_count)
    ),

    looked_at_record as (
        select force_code, measure_code, record_kind, record_ref
        from changed_span
        union
        select span.force_code, span.measure_code, span.record_kind, span.record_ref
        from span
        inner join
            moved_team
            on span.force_code = moved_team.force_code
            and span.org_unit_code = moved_team.org_unit_code
        union
        select force_code, measure_code, record_kind, record_ref
        from span
        where numerator is null
    ),

    restated_month as (
        select distinct month.*, measure.is_snapshot
        from {{ ref("int_measure_month") }} as month
        inner join
            {{ ref("restated__figure") }} as figure
            on month.force_code = figure.force_code
            and month.measure_code = figure.measure_code
            and month.period_start = figure.period_start
        inner join
            {{ ref("policy_measure") }} as measure on month.measure_code = measure.measure_code
    ),

    looked_at as (
        select span.*
        from span
        inner join
            looked_at_record
            on span.force_code = looked_at_record.force_code
            and span.measure_code = looked_at_record.measure_code
            and span.record_kind = looked_at_record.record_kind
            and span.record_ref = looked_at_record.record_ref
        -- A record that is considered but left out adds nothing.
        where span.denominator > 0
    ),

    {{ in_months("looked_at", "restated_month") }},

    final as (
        select
            edition,
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            rolled_up_on,
            record_kind,
            record_ref,
            numerator,
            denominator,
            hours
        from looked_at_in_months
    )

select *
from final

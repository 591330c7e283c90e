-- A restated figure after each cause was applied to it, one after the other: a changed rule first,
-- then deleted, late and corrected records. The last step is the figure as it is now, so the
-- steps add
-- up to the change. A share is its records added up; a percentile is taken anew at each step.
with
    figure as (select * from {{ ref("restated__figure") }}),

    one_cause as (
        select distinct
            cause.force_code,
            cause.measure_code,
            cause.period_start,
            cause.record_kind,
            cause.record_ref,
            step.place
        from {{ ref("restated__cause") }} as cause
        inner join ({{ causes() }}) as step on cause.cause = step.cause
    ),

    member as (
        select
            member.*,
            -- What has not changed is the same at every step.
            coalesce(one_cause.place, 0) as place
        from {{ ref("restated__changed_record") }} as member
        left join
            one_cause
            on member.is_changed
            and member.force_code = one_cause.force_code
            and member.measure_code = one_cause.measure_code
            and member.period_start = one_cause.period_start
            and member.record_kind = one_cause.record_kind
            and member.record_ref = one_cause.record_ref
        where member.change = 'records'
    ),

    step as (
        select figure.*, cause.place, cause.cause from figure cross join ({{ causes() }}) as cause
    ),

    -- What the causes that are still to come will add is not in the figure yet.
    applied as (
        select
            step.force_code,
            step.measure_code,
            step.period_start,
            step.org_unit_code,
            step.place,
            step.cause,
            min(step.value_before) as value_before,
            min(step.value_after) as value_after,
            min(step.numerator_before) as numerator_before,
            min(step.denominator_before) as denominator_before,
            min(step.numerator_after) - coalesce(
                sum(
                    case
                        when member.place > step.place
                        then
                            coalesce(member.numerator_after, 0)
                            - coalesce(member.numerator_before, 0)
                    end
                ),
                0
            ) as numerator,
            min(step.denominator_after) - coalesce(
                sum(
                    case
                        when member.place > step.place
                        then
                            coalesce(member.denominator_after, 0)
                            - coalesce(member.denominator_before, 0)
                    end
                ),
                0
            ) as denominator,
            {% for name, share in [("p50", 0.5), ("p90", 0.9)] %}
                {{
                    percentile(
                        "case when member.place > step.place then member.hours_before else member.hours_after end",
                        share,
                        "member.record_ref is not null",
                    )
                }}
                as {{ name }}{{ "," if not loop.last }}
            {% endfor %}
        from step
        left join
            member
            on step.force_code = member.force_code
            and step.measure_code = member.measure_code
            and step.period_start = member.period_start
            and step.org_unit_code = member.org_unit_code
        group by
            step.force_code,
            step.measure_code,
            step.period_start,
            step.org_unit_code,
            step.place,
            step.cause
    ),

    final as (
        select
            applied.force_code,
            applied.measure_code,
            applied.period_start,
            applied.org_unit_code,
            applied.place,
            applied.cause,
            applied.value_before,
            applied.value_after,
            applied.numerator_before,
            applied.denominator_before,
            applied.numerator,
            applied.denominator,
            case
                when measure.unit_of_value = 'share'
                then {{ share("applied.numerator", "applied.denominator") }}
                when applied.measure_code like '%_p50'
                then applied.p50
                else applied.p90
            end as value
        from applied
        inner join
            {{ ref("policy_measure") }} as measure on applied.measure_code = measure.measure_code
    )

select *
from final

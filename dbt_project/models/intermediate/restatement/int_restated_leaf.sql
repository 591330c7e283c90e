-- What each record adds to its own team's figure, for the months in which a figure was restated:
-- as it is now (`after`), as today's rules judge what the publication knew (`before`), and as it
-- was
-- published (`then`, only where the rules have changed since).
with
    restated as (
        select distinct force_code, measure_code, period_start from {{ ref("int_restated_figure") }}
    ),

    month_after as (
        select month.*
        from {{ ref("int_measure_month") }} as month
        inner join
            restated
            on month.force_code = restated.force_code
            and month.measure_code = restated.measure_code
            and month.period_start = restated.period_start
    ),

    month_kept as (
        select month.*
        from {{ ref("stg_before__month") }} as month
        inner join
            restated
            on month.force_code = restated.force_code
            and month.measure_code = restated.measure_code
            and month.period_start = restated.period_start
    ),

    {% for edition, rules in [("before", "today"), ("then", "then")] %}
        month_{{ edition }} as (select * from month_kept where rules = '{{ rules }}'),

        {% for step in ["referral", "custody", "person", "requirement", "plan"] %}
            {{ step }}_{{ edition }} as (
                select * from {{ ref("stg_before__" ~ step) }} where rules = '{{ rules }}'
            ),
        {% endfor %}
    {% endfor %}

    leaf_after as (
        {{
            measure_record(
                "month_after",
                ref("int_nccu_referral_class"),
                ref("int_immigration_custody"),
                ref("int_training_person"),
                ref("int_training_requirement"),
                ref("int_plan_day"),
            )
        }}
    ),

    leaf_before as (
        {{
            measure_record(
                "month_before",
                "referral_before",
                "custody_before",
                "person_before",
                "requirement_before",
                "plan_before",
            )
        }}
    ),

    leaf_then as (
        {{
            measure_record(
                "month_then",
                "referral_then",
                "custody_then",
                "person_then",
                "requirement_then",
                "plan_then",
            )
        }}
    ),

    -- A record that is looked at and left out adds nothing.
    final as (
        {% for edition in ["after", "before", "then"] %}
            select
                '{{ edition }}' as edition,
                force_code,
                measure_code,
                period_start,
                org_unit_code,
                rolled_up_on,
                record_kind,
                record_ref,
                numerator,
                denominator,
                case when numerator is null then hours_to_submission end as hours
            from leaf_{{ edition }}
            where denominator > 0 {{ "union all" if not loop.last }}
        {% endfor %}
    )

select *
from final

with
    restated_month as (
        select distinct force_code, measure_code, period_start from {{ ref("restated__figure") }}
    ),

    month_after as (
        select month.*
        from {{ ref("int_measure_month") }} as month
        inner join
            restated_month
            on month.force_code = restated_month.force_code
            and month.measure_code = restated_month.measure_code
            and month.period_start = restated_month.period_start
    ),

    earlier_month as (
        select month.*
        from {{ ref("compared__month") }} as month
        inner join
            restated_month
            on month.force_code = restated_month.force_code
            and month.measure_code = restated_month.measure_code
            and month.period_start = restated_month.period_start
    ),

    {% for edition, rules in [("before", "today"), ("then", "then")] %}
        month_{{ edition }} as (select * from earlier_month where rules = '{{ rules }}'),

        {% for step in ["referral", "custody", "officer", "requirement", "plan"] %}
            {{ step }}_{{ edition }} as (
                select * from {{ ref("compared__" ~ step) }} where rules = '{{ rules }}'
            ),
        {% endfor %}
    {% endfor %}

    leaf_after as (
        {{
            measure_leaf(
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
            measure_leaf(
                "month_before",
                "referral_before",
                "custody_before",
                "officer_before",
                "requirement_before",
                "plan_before",
            )
        }}
    ),

    leaf_then as (
        {{
            measure_leaf(
                "month_then",
                "referral_then",
                "custody_then",
                "officer_then",
                "requirement_then",
                "plan_then",
            )
        }}
    ),

    final as (
        select 'after' as edition, leaf_after.*
        from leaf_after
        union all
        select 'before', leaf_before.*
        from leaf_before
        union all
        select 'then', leaf_then.*
        from leaf_then
    )

select *
from final

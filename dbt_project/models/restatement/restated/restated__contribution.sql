with
    restated_month as (
        select distinct force_code, measure_code, period_start from {{ ref("restated__figure") }}
    ),

    month_now as (
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

    {% for edition, rules in [
        ("earlier_by_todays_rules", "today"),
        ("earlier", "earlier"),
    ] %}
        month_{{ edition }} as (select * from earlier_month where rules = '{{ rules }}'),

        {% for step in ["referral", "custody", "officer", "requirement", "plan"] %}
            {{ step }}_{{ edition }} as (
                select * from {{ ref("compared__" ~ step) }} where rules = '{{ rules }}'
            ),
        {% endfor %}
    {% endfor %}

    contribution_now as (
        {{
            measure_record(
                "month_now",
                ref("int_nccu_referral_class"),
                ref("int_immigration_custody"),
                ref("int_training_person"),
                ref("int_training_requirement"),
                ref("int_plan_day"),
            )
        }}
    ),

    contribution_earlier_by_todays_rules as (
        {{
            measure_record(
                "month_earlier_by_todays_rules",
                "referral_earlier_by_todays_rules",
                "custody_earlier_by_todays_rules",
                "officer_earlier_by_todays_rules",
                "requirement_earlier_by_todays_rules",
                "plan_earlier_by_todays_rules",
            )
        }}
    ),

    contribution_earlier as (
        {{
            measure_record(
                "month_earlier",
                "referral_earlier",
                "custody_earlier",
                "officer_earlier",
                "requirement_earlier",
                "plan_earlier",
            )
        }}
    ),

    -- A record that is considered but left out adds nothing.
    final as (
        {% for edition in ["now", "earlier_by_todays_rules", "earlier"] %}
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
            from contribution_{{ edition }}
            where denominator > 0 {{ "union all" if not loop.last }}
        {% endfor %}
    )

select *
from final

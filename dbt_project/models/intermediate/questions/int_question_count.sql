with
    class_count as (
        select force_code, rule_code, org_unit_code, record_kind, class, count(*) as records
        from {{ ref("int_question_record") }}
        where is_in_numerator and not is_reference
        group by force_code, rule_code, org_unit_code, record_kind, class
    ),

    class_list as (
        select
            class_count.force_code,
            class_count.rule_code,
            class_count.org_unit_code,
            {{
                dbt.listagg(
                    "coalesce(lower(label.label), class_count.class) || ' ' || "
                    ~ as_text("class_count.records"),
                    "', '",
                    "order by class_count.records desc, class_count.class",
                )
            }} as classes
        from class_count
        left join
            {{ ref("code_label") }} as label
            on label.code_set = 'intelligence_class'
            and class_count.class = label.code
        where class_count.record_kind = 'referral'
        group by class_count.force_code, class_count.rule_code, class_count.org_unit_code
    ),

    counted as (
        select
            force_code,
            rule_code,
            org_unit_code,
            sum(case when is_in_numerator and not is_reference then 1 else 0 end) as numerator,
            sum(case when not is_reference then 1 else 0 end) as denominator,
            sum(case when is_in_numerator and is_reference then 1 else 0 end) as earlier_numerator,
            sum(case when is_reference then 1 else 0 end) as earlier_denominator,
            min(case when not is_reference then happened_on end) as first_record_on,
            min(
                case when is_in_numerator and not is_reference then happened_on end
            ) as first_unmet_on,
            {{
                dbt.listagg(
                    "case when record_kind in ('strand', 'dataset') and is_in_numerator then lower(record_ref) end",
                    "', '",
                    "order by record_ref",
                )
            }}
            as records
        from {{ ref("int_question_record") }}
        group by force_code, rule_code, org_unit_code
    ),

    final as (
        select
            counted.force_code,
            counted.rule_code,
            counted.org_unit_code,
            counted.numerator,
            counted.denominator,
            case
                rule.rule_kind
                when 'CLASS'
                then counted.earlier_numerator
                when 'TEAM'
                then
                    sum(counted.numerator) over (partition by counted.force_code, counted.rule_code)
                    - counted.numerator
            end as reference_numerator,
            case
                rule.rule_kind
                when 'CLASS'
                then counted.earlier_denominator
                when 'TEAM'
                then
                    sum(counted.denominator) over (
                        partition by counted.force_code, counted.rule_code
                    )
                    - counted.denominator
            end as reference_denominator,
            counted.first_record_on,
            counted.first_unmet_on,
            counted.records,
            class_list.classes
        from counted
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("policy_board_question") }} as rule
            on counted.rule_code = rule.rule_code
            and {{ in_force("rule", "build.as_at_day") }}
        left join
            class_list
            on counted.force_code = class_list.force_code
            and counted.rule_code = class_list.rule_code
            and counted.org_unit_code = class_list.org_unit_code
    )

select *
from final

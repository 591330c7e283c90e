with
    build as (
        select
            *,
            {{ month_of("as_at_day") }} as this_month,
            cast({{ dbt.dateadd("month", -12, month_of("as_at_day")) }} as date) as first_day
        from {{ ref("stg_audit__build") }}
    ),

    rule as (
        select rule.*
        from {{ ref("policy_board_question") }} as rule
        cross join build
        where {{ in_force("rule", "build.as_at_day") }}
    ),

    referral as (
        select
            referral.force_code,
            {{ point_of("referral") }} as point_code,
            referral.org_unit_code,
            'referral' as record_kind,
            referral.referral_ref as record_ref,
            referral.intelligence_class as class,
            referral.contacted_on as happened_on,
            referral.officer_key,
            referral.report_urn as related_ref,
            not referral.is_compliant as is_unmet
        from {{ ref("int_nccu_referral_class") }} as referral
        cross join build
        where referral.is_counted and referral.contacted_on >= build.first_day
    ),

    officer as (
        select
            force_code,
            point_code,
            min(org_unit_code) as org_unit_code,
            'officer' as record_kind,
            officer_key as record_ref,
            case
                when min(case when is_package_complete then 1 else 0 end) = 1
                then 'complete'
                else 'not_complete'
            end as class,
            max(completed_on) as happened_on,
            officer_key,
            cast(null as {{ dbt.type_string() }}) as related_ref,
            min(case when is_package_complete then 1 else 0 end) = 0 as is_unmet
        from {{ ref("int_training_today") }}
        where is_in_post and not is_long_term_absent
        group by force_code, point_code, officer_key
    ),

    strand as (
        select
            force_code,
            {{ point_of("strand") }} as point_code,
            'ALL' as org_unit_code,
            'strand' as record_kind,
            strand as record_ref,
            case
                when is_met
                then 'met'
                when approved_on <= as_on and review_due_on < as_on
                then 'review_past'
                else 'not_met'
            end as class,
            review_due_on as happened_on,
            cast(null as {{ dbt.type_string() }}) as officer_key,
            plan_ref as related_ref,
            not is_met as is_unmet
        from {{ ref("int_plan_strand") }}
    ),

    -- A record of another kind of which the first measure of a point consists.
    other_record as (
        select
            record.force_code,
            point.point_code,
            record.org_unit_code,
            record.record_kind,
            record.record_ref,
            record.class,
            record.counts_from as happened_on,
            record.officer_key,
            record.related_ref,
            record.numerator = 0 as is_unmet
        from {{ ref("contribution") }} as record
        inner join
            {{ ref("int_point") }} as point
            on record.force_code = point.force_code
            and record.measure_code = point.measure_code
        inner join
            {{ ref("policy_measure") }} as measure on record.measure_code = measure.measure_code
        cross join build
        where
            record.denominator = 1
            and record.record_kind not in ('referral', 'officer', 'strand')
            and record.counts_from <= build.as_at_day
            and case
                when measure.is_snapshot
                then record.counts_to > build.as_at_day
                else record.counts_from >= build.first_day
            end
    ),

    record_of_point as (
        select *
        from referral
        union all
        select *
        from officer
        union all
        select *
        from strand
        union all
        select *
        from other_record
    ),

    detention as (
        select
            custody.force_code,
            {{ point_of("custody") }} as point_code,
            custody.org_unit_code,
            'custody' as record_kind,
            cast(custody.custody_id as {{ dbt.type_string() }}) as record_ref,
            case when custody.has_referral then 'referred' else 'not_referred' end as class,
            custody.detained_on as happened_on,
            custody.officer_key,
            custody.occurrence_ref as related_ref
        from {{ ref("int_immigration_custody") }} as custody
        cross join build
        where custody.detained_on >= build.first_day
    ),

    dataset as (
        select
            freshness.force_code,
            policy.point_code,
            'ALL' as org_unit_code,
            'dataset' as record_kind,
            freshness.dataset as record_ref,
            freshness.verdict as class,
            {{ london_day("freshness.last_delivery_at") }} as happened_on
        from {{ ref("point_dataset") }} as policy
        inner join
            {{ ref("int_source_freshness") }} as freshness on policy.dataset = freshness.dataset
    ),

    board_action as (
        select
            force_code,
            point_code,
            'ALL' as org_unit_code,
            'action' as record_kind,
            action_ref as record_ref,
            lower(status) as class,
            due_on as happened_on,
            question_ref as related_ref
        from {{ ref("int_board_action") }}
        where status in ('OPEN', 'OVERDUE')
    ),

    -- The complete months that have a record, numbered from the latest one. A rule of the kind
    -- CLASS compares the first three with the three before them.
    compared_month as (
        select
            force_code,
            point_code,
            month_start,
            row_number() over (
                partition by force_code, point_code order by month_start desc
            ) as months_ago
        from
            (
                select distinct
                    record.force_code,
                    record.point_code,
                    {{ month_of("record.happened_on") }} as month_start
                from record_of_point as record
                cross join build
                where record.happened_on < build.this_month
            ) as month
    ),

    final as (
        select
            record.force_code,
            rule.rule_code,
            'ALL' as org_unit_code,
            record.org_unit_code as team_code,
            record.record_kind,
            record.record_ref,
            record.class,
            record.happened_on,
            record.officer_key,
            record.related_ref,
            record.is_unmet as is_in_numerator,
            false as is_reference
        from rule
        inner join record_of_point as record on rule.point_code = record.point_code
        where rule.rule_kind in ('VOICE', 'DEADLINE', 'FORECAST')
        union all
        select
            record.force_code,
            rule.rule_code,
            case when rule.rule_kind = 'TEAM' then record.org_unit_code else 'ALL' end,
            record.org_unit_code,
            record.record_kind,
            record.record_ref,
            record.class,
            record.happened_on,
            record.officer_key,
            record.related_ref,
            record.class = rule.record_class,
            false
        from rule
        inner join record_of_point as record on rule.point_code = record.point_code
        where rule.rule_kind in ('TEAM', 'REVIEW')
        union all
        select
            record.force_code,
            rule.rule_code,
            'ALL',
            record.org_unit_code,
            record.record_kind,
            record.record_ref,
            record.class,
            record.happened_on,
            record.officer_key,
            record.related_ref,
            record.class = rule.record_class,
            compared_month.months_ago > 3
        from rule
        inner join record_of_point as record on rule.point_code = record.point_code
        inner join
            compared_month
            on record.force_code = compared_month.force_code
            and record.point_code = compared_month.point_code
            and {{ month_of("record.happened_on") }} = compared_month.month_start
            and compared_month.months_ago <= 6
        where rule.rule_kind = 'CLASS'
        union all
        select
            detention.force_code,
            rule.rule_code,
            'ALL',
            detention.org_unit_code,
            detention.record_kind,
            detention.record_ref,
            detention.class,
            detention.happened_on,
            detention.officer_key,
            detention.related_ref,
            detention.class = rule.record_class,
            false
        from rule
        inner join detention on rule.point_code = detention.point_code
        where rule.rule_kind = 'DETENTION'
        union all
        select
            dataset.force_code,
            rule.rule_code,
            'ALL',
            dataset.org_unit_code,
            dataset.record_kind,
            dataset.record_ref,
            dataset.class,
            dataset.happened_on,
            cast(null as {{ dbt.type_string() }}),
            cast(null as {{ dbt.type_string() }}),
            dataset.class <> 'fresh',
            false
        from rule
        inner join dataset on rule.point_code = dataset.point_code
        where rule.rule_kind = 'SOURCE'
        union all
        select
            action.force_code,
            rule.rule_code,
            'ALL',
            action.org_unit_code,
            action.record_kind,
            action.record_ref,
            action.class,
            action.happened_on,
            cast(null as {{ dbt.type_string() }}),
            action.related_ref,
            action.class = 'overdue',
            false
        from rule
        inner join board_action as action on rule.point_code = action.point_code
        where rule.rule_kind = 'ACTION'
    )

select *
from final

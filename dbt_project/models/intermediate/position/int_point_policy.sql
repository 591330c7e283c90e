with
    span as (
        select
            point.force_code,
            point.point_code,
            point.measure_code,
            point.target_threshold,
            build.as_at_day,
            -- A referral is judged by the policy of the day of its contact. So the figure of the
            -- referral point depends on every row that applied on a day of its months. The
            -- figures of the other points depend on the rows of the as-at day.
            case
                when {{ counts_kind("point", "referral") }}
                then cast({{ dbt.dateadd("month", -12, month_of("build.as_at_day")) }} as date)
                else build.as_at_day
            end as first_day
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
    ),

    point_row as (
        select
            span.force_code,
            span.point_code,
            'policy_point' as seed,
            policy.point_code as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from span
        inner join
            {{ ref("policy_point") }} as policy
            on span.point_code = policy.point_code
            and {{ in_force("policy", "span.as_at_day") }}
    ),

    target_row as (
        select
            span.force_code,
            span.point_code,
            'policy_threshold' as seed,
            policy.name as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from span
        inner join
            {{ ref("policy_threshold") }} as policy
            on span.target_threshold = policy.name
            and {{ in_force("policy", "span.as_at_day") }}
    ),

    -- The threshold timely_hours is left out. It decides which compliant referrals are in time
    -- and which are late, and it does not change the figure.
    referral_threshold_row as (
        select
            span.force_code,
            span.point_code,
            'policy_threshold' as seed,
            policy.name as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from span
        inner join
            {{ ref("policy_threshold") }} as policy
            on policy.name in ('grace_hours', 'before_call_hours')
            and {{ in_force_between("policy", "span.first_day", "span.as_at_day") }}
        where {{ counts_kind("span", "referral") }}
    ),

    document_type_row as (
        select
            span.force_code,
            span.point_code,
            'policy_document_type' as seed,
            policy.document_type_code as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from span
        inner join
            {{ ref("policy_document_type") }} as policy
            on {{ in_force_between("policy", "span.first_day", "span.as_at_day") }}
        where {{ counts_kind("span", "referral") }}
    ),

    grading_row as (
        select
            span.force_code,
            span.point_code,
            'policy_grading' as seed,
            policy.grading_scheme || ' ' || policy.element || ' ' || policy.code as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from span
        inner join
            {{ ref("policy_grading") }} as policy
            on {{ in_force_between("policy", "span.first_day", "span.as_at_day") }}
        where {{ counts_kind("span", "referral") }}
    ),

    strand_row as (
        select
            span.force_code,
            span.point_code,
            'policy_plan_strand' as seed,
            policy.strand as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from span
        inner join
            {{ ref("policy_plan_strand") }} as policy on {{ in_force("policy", "span.as_at_day") }}
        where {{ counts_kind("span", "strand") }}
    ),

    training_item as (
        select span.*, item.requirement_code, item.effective_from, item.approved_by
        from span
        inner join
            {{ ref("policy_training_item") }} as item
            on span.point_code = item.point_code
            and {{ in_force("item", "span.as_at_day") }}
    ),

    training_item_row as (
        select
            force_code,
            point_code,
            'policy_training_item' as seed,
            requirement_code as row_name,
            effective_from,
            {{ is_confirmed("training_item") }} as is_confirmed
        from training_item
    ),

    role_row as (
        select
            training_item.force_code,
            training_item.point_code,
            'policy_role_requirement' as seed,
            policy.role_code || ' ' || policy.requirement_code as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from training_item
        inner join
            {{ ref("policy_role_requirement") }} as policy
            on training_item.requirement_code = policy.requirement_code
            and {{ in_force("policy", "training_item.as_at_day") }}
    ),

    absence_row as (
        select distinct
            training_item.force_code,
            training_item.point_code,
            'policy_absence' as seed,
            policy.absence_status as row_name,
            policy.effective_from,
            {{ is_confirmed("policy") }} as is_confirmed
        from training_item
        inner join
            {{ ref("policy_absence") }} as policy
            on {{ in_force("policy", "training_item.as_at_day") }}
    ),

    final as (
        select *
        from point_row
        union all
        select *
        from target_row
        union all
        select *
        from referral_threshold_row
        union all
        select *
        from document_type_row
        union all
        select *
        from grading_row
        union all
        select *
        from strand_row
        union all
        select *
        from training_item_row
        union all
        select *
        from role_row
        union all
        select *
        from absence_row
    )

select *
from final

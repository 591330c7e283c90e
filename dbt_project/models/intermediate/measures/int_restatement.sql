-- Figures of months that were over in the current publication and now come out differently, with
-- why. For referrals the records that differ say it; what else changed is a correction.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    published_measure as (
        {{
            published(
                "assurance_measure",
                {
                    "force_code": "text",
                    "measure_code": "text",
                    "period_start": "date",
                    "org_unit_code": "text",
                    "value": "double precision",
                    "denominator": "bigint",
                },
            )
        }}
    ),

    published_referral as (
        {{
            published(
                "fct_nccu_referral",
                {
                    "force_code": "text",
                    "referral_ref": "text",
                    "contacted_on": "date",
                    "intelligence_class": "text",
                    "org_unit_code": "text",
                    "referral_type": "text",
                },
            )
        }}
    ),

    published_build as (
        select
            previous.policy_fingerprint <> build.policy_fingerprint as is_rule_changed,
            previous.as_at,
            {{ london_day("previous.as_at") }} as as_at_day
        from build
        inner join
            {{ source("audit", "build") }} as previous
            on previous.build_id = (
                select max(current_publication.publication_id)
                from {{ source("marts", "publication") }} as current_publication
                where current_publication.is_current
            )
    ),

    -- A figure of the current month moves because the month does; it is restated only where both
    -- publications are for the same moment.
    changed as (
        select
            coalesce(before.force_code, after.force_code) as force_code,
            coalesce(before.measure_code, after.measure_code) as measure_code,
            coalesce(before.period_start, after.period_start) as period_start,
            coalesce(before.org_unit_code, after.org_unit_code) as org_unit_code,
            before.value as value_before,
            after.value as value_after,
            published_build.is_rule_changed
        from published_measure as before
        full outer join
            {{ ref("int_measure") }} as after
            on before.force_code = after.force_code
            and before.measure_code = after.measure_code
            and before.period_start = after.period_start
            and before.org_unit_code = after.org_unit_code
        cross join published_build
        cross join build
        where
            (
                {{ month_end("coalesce(before.period_start, after.period_start)") }}
                < least(published_build.as_at_day, build.as_at_day)
                or published_build.as_at = build.as_at
            )
            and before.value is distinct from after.value
    ),

    referral_change as (
        select
            coalesce(before.force_code, after.force_code) as force_code,
            {{ month_of("coalesce(before.contacted_on, after.contacted_on)") }} as period_start,
            sum(case when before.referral_ref is null then 1 else 0 end) as late,
            sum(case when after.referral_ref is null then 1 else 0 end) as deleted,
            count(*) as records
        from published_referral as before
        full outer join
            {{ ref("int_nccu_referral_class") }} as after
            on before.force_code = after.force_code
            and before.referral_ref = after.referral_ref
        where
            before.referral_ref is null
            or after.referral_ref is null
            or before.intelligence_class <> after.intelligence_class
            or before.org_unit_code <> after.org_unit_code
            or before.referral_type <> after.referral_type
            or before.contacted_on <> after.contacted_on
        group by 1, 2
    ),

    final as (
        select
            changed.force_code,
            changed.measure_code,
            changed.period_start,
            changed.org_unit_code,
            changed.value_before,
            changed.value_after,
            case
                when changed.is_rule_changed
                then 'RULE_CHANGE'
                when referral_change.records = referral_change.late
                then 'LATE_RECORD'
                when referral_change.records = referral_change.deleted
                then 'DELETED_RECORD'
                else 'CORRECTED_RECORD'
            end as cause,
            coalesce(referral_change.records, 0) as record_count
        from changed
        left join
            referral_change
            on changed.force_code = referral_change.force_code
            and changed.period_start = referral_change.period_start
            and changed.measure_code like 'nccu_%'
    )

select *
from final

with
    build as (select * from {{ ref("stg_audit__build") }}),

    expected as (
        select
            force.force_code,
            policy.dataset,
            policy.stale_after_days,
            policy.is_database,
            news.quiet_after_days
        from {{ ref("policy_staleness") }} as policy
        cross join {{ ref("stg_audit__force") }} as force
        cross join build
        left join
            {{ ref("policy_news") }} as news
            on policy.dataset = news.dataset
            and {{ in_force("news", "build.as_at_day") }}
        where {{ in_force("policy", "build.as_at_day") }}
    ),

    not_expected as (
        select force_code, dataset
        from {{ ref("stg_audit__extraction") }}
        where is_in_this_run
        group by force_code, dataset
        having max(case when is_expected then 1 else 0 end) = 0
    ),

    delivery as (
        select
            force_code,
            dataset,
            max(case when is_landed then delivered_at end) as last_delivery_at,
            max(case when is_landed and rows_new > 0 then delivered_at end) as last_news_at,
            max(case when is_landed then landed_at end) as last_landed_at,
            max(case when not is_landed then delivered_at end) as last_refused_at
        from {{ ref("stg_audit__delivery") }}
        group by force_code, dataset
    ),

    refused_delivery as (
        select force_code, dataset, delivered_at, max(reason) as reason
        from {{ ref("stg_audit__delivery") }}
        where not is_landed
        group by force_code, dataset, delivered_at
    ),

    extraction as (
        select
            force_code,
            dataset,
            max(case when is_succeeded then finished_at end) as last_success_at,
            coalesce(max(case when is_in_this_run and is_succeeded then 1 end), 0)
            = 1 as is_extracted_now,
            max(case when is_in_this_run and not is_succeeded then reason end) as reason
        from {{ ref("stg_audit__extraction") }}
        group by force_code, dataset
    ),

    latest as (
        select
            expected.*,
            case
                when expected.is_database
                then extraction.last_success_at
                else delivery.last_delivery_at
            end as last_delivery_at,
            case
                when expected.is_database then newest_record.newest_at else delivery.last_news_at
            end as last_record_at,
            case
                when expected.is_database
                then extraction.last_success_at
                else delivery.last_landed_at
            end as last_landed_at,
            coalesce(extraction.is_extracted_now, false) as is_extracted_now,
            coalesce(
                delivery.last_refused_at > delivery.last_delivery_at,
                delivery.last_refused_at is not null
            ) as is_newest_refused,
            extraction.reason as extraction_reason,
            refused_delivery.reason as refusal_reason
        from expected
        left join
            delivery
            on expected.force_code = delivery.force_code
            and expected.dataset = delivery.dataset
        left join
            extraction
            on expected.force_code = extraction.force_code
            and expected.dataset = extraction.dataset
        left join
            {{ ref("stg_audit__newest_record") }} as newest_record
            on expected.force_code = newest_record.force_code
            and expected.dataset = newest_record.dataset
        left join
            refused_delivery
            on expected.force_code = refused_delivery.force_code
            and expected.dataset = refused_delivery.dataset
            and delivery.last_refused_at = refused_delivery.delivered_at
        left join
            not_expected
            on expected.force_code = not_expected.force_code
            and expected.dataset = not_expected.dataset
        where not_expected.dataset is null
    ),

    latest_with_due_by as (
        select *, {{ dbt.dateadd("day", "stale_after_days", "last_delivery_at") }} as due_by
        from latest
    ),

    latest_with_news as (
        select
            latest.*,
            cast(
                floor({{ hours_between("latest.last_record_at", "build.as_at") }} / 24) as integer
            ) as days_without_news
        from latest_with_due_by as latest
        cross join build
    ),

    final as (
        select
            latest.force_code,
            latest.dataset,
            latest.last_delivery_at,
            latest.last_record_at,
            latest.last_landed_at,
            latest.due_by,
            latest.days_without_news,
            coalesce(
                latest.days_without_news > latest.quiet_after_days,
                latest.quiet_after_days is not null
            ) as is_quiet,
            case
                when not latest.is_extracted_now or latest.is_newest_refused
                then 'failed'
                when latest.due_by is null or build.as_at > latest.due_by
                then 'stale'
                else 'fresh'
            end as verdict,
            case
                when not latest.is_extracted_now
                then coalesce(latest.extraction_reason, 'not extracted in this run')
                when latest.is_newest_refused
                then latest.refusal_reason
                when latest.due_by is null
                then 'nothing was delivered by then'
                when build.as_at > latest.due_by
                then 'nothing new since it was due'
            end as reason
        from latest_with_news as latest
        cross join build
    )

select *
from final

with
    build as (select * from {{ ref("stg_audit__build") }}),

    everything as (
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at,
            '' as officer_in_key
        from {{ ref("int_exception_record") }}
        where is_listed
        union all
        -- Many officers can lack the same training item, so the officer is part of the key.
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at,
            officer_key
        from {{ ref("int_exception_training") }}
        union all
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at,
            ''
        from {{ ref("int_exception_document") }}
        union all
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            'ALL',
            cast(null as {{ dbt.type_string() }}),
            opened_at,
            ''
        from {{ ref("int_exception_plan") }}
        union all
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            'ALL',
            cast(null as {{ dbt.type_string() }}),
            opened_at,
            ''
        from {{ ref("int_exception_board") }}
    ),

    aged as (
        select
            everything.*,
            {{ dbt.datediff(london_day("everything.opened_at"), "build.as_at_day", "day") }}
            as age_days
        from everything
        cross join build
    ),

    final as (
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at,
            age_days,
            -- The key of other exceptions has no officer, so that it stays the same when a
            -- collar number is corrected.
            md5(exception_code || '|' || record_ref || '|' || officer_in_key) as exception_key,
            case
                when age_days <= 1
                then '0-1'
                when age_days <= 7
                then '2-7'
                when age_days <= 28
                then '8-28'
                else 'over 28'
            end as age_band
        from aged
    )

select *
from final

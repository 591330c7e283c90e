-- Everything that needs somebody to act, with its age in days and the band it falls in.
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
            opened_at
        from {{ ref("int_exception_referral") }}
        union all
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at
        from {{ ref("int_exception_training") }}
        union all
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            org_unit_code,
            officer_key,
            opened_at
        from {{ ref("int_exception_document") }}
        union all
        select
            force_code,
            exception_code,
            point_code,
            record_ref,
            'ALL',
            cast(null as {{ dbt.type_string() }}),
            opened_at
        from {{ ref("int_exception_plan") }}
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
            *,
            -- Of training the record is the person and the item; elsewhere the record stays the
            -- same
            -- when its officer's number is corrected.
            md5(
                exception_code
                || '|'
                || record_ref
                || '|'
                || case when point_code in ('HYDRA', 'ELEARNING') then officer_key else '' end
            ) as exception_key,
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

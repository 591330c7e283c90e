with
    referral as (select * from {{ ref("int_nccu_referral") }}),

    build as (select * from {{ ref("stg_audit__build") }}),

    document_with_class as (
        select
            matched.*,
            case
                when not matched.is_own_officer
                then 'submitted_by_other'
                when matched.submitted_at <= referral.timely_until
                then 'submitted_in_time'
                else 'submitted_late'
            end as intelligence_class
        from {{ ref("int_nccu_match_valid") }} as matched
        inner join
            referral
            on matched.force_code = referral.force_code
            and matched.referral_ref = referral.referral_ref
        union all
        select *, 'submitted_invalid' as intelligence_class
        from {{ ref("int_nccu_match_invalid") }}
    ),

    ranked_document as (
        select
            *,
            row_number() over (
                partition by force_code, referral_ref
                order by
                    case
                        intelligence_class
                        when 'submitted_in_time'
                        then 1
                        when 'submitted_late'
                        then 2
                        when 'submitted_by_other'
                        then 3
                        else 4
                    end,
                    submitted_at,
                    report_urn
            ) as preference
        from document_with_class
    ),

    referral_with_class as (
        select
            referral.*,
            coalesce(
                deciding.intelligence_class,
                case when build.as_at < referral.awaiting_until then 'awaiting' else 'missing' end
            ) as intelligence_class,
            coalesce(deciding.link_method, 'NONE') as link_method,
            deciding.report_urn,
            deciding.submitted_at,
            {{ hours_between("referral.contacted_at", "deciding.submitted_at") }}
            as hours_to_submission
        from referral
        cross join build
        left join
            ranked_document as deciding
            on referral.force_code = deciding.force_code
            and referral.referral_ref = deciding.referral_ref
            and deciding.preference = 1
    ),

    final as (
        select
            *,
            intelligence_class <> 'awaiting' as is_due,
            referral_type = 'IMMIGRATION_CRIME' and intelligence_class <> 'awaiting' as is_counted,
            intelligence_class in ('submitted_in_time', 'submitted_late') as is_compliant,
            {{ london_day("awaiting_until") }} as grace_ends_on,
            case
                when submitted_at is not null
                then greatest(contacted_on, {{ london_day("submitted_at") }})
            end as answered_on
        from referral_with_class
    )

select *
from final

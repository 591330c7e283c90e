with
    final as (
        select
            force_code,
            case
                intelligence_class
                when 'missing'
                then 'REFERRAL_DOCUMENT_MISSING'
                when 'submitted_by_other'
                then 'REFERRAL_DOCUMENT_BY_OTHER'
                when 'submitted_invalid'
                then 'REFERRAL_DOCUMENT_INVALID'
            end as exception_code,
            {{ point_of("referral") }} as point_code,
            referral_ref as record_ref,
            org_unit_code,
            officer_key,
            contacted_at as opened_at
        from {{ ref("int_nccu_referral_class") }}
        where
            is_counted
            and intelligence_class in ('missing', 'submitted_by_other', 'submitted_invalid')
        union all
        select
            force_code,
            'REFERRAL_OFFICER_UNRESOLVED',
            {{ point_of("referral") }},
            referral_ref,
            org_unit_code,
            officer_key,
            contacted_at
        from {{ ref("int_nccu_referral_class") }}
        where not is_officer_resolved
        union all
        select
            force_code,
            'CUSTODY_WITHOUT_REFERRAL',
            {{ point_of("custody") }},
            {{ custody_ref("custody") }},
            org_unit_code,
            officer_key,
            detained_at
        from {{ ref("int_immigration_custody") }} as custody
        where not has_referral
    )

select *
from final

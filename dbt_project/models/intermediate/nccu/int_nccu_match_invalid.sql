with
    referral_without_document as (
        select referral.*
        from {{ ref("int_nccu_referral") }} as referral
        left join
            {{ ref("int_nccu_match_valid") }} as matched_referral
            on referral.force_code = matched_referral.force_code
            and referral.referral_ref = matched_referral.referral_ref
        where matched_referral.referral_ref is null
    ),

    invalid_document as (select * from {{ ref("int_nccu_document") }} where not is_counting),

    {{ match_documents("referral_without_document", "invalid_document") }},

    final as (select * from matched)

select *
from final

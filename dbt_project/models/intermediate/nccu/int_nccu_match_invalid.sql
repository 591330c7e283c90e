-- Step 4: what still has no document goes through the same steps with those that do not count.
with
    referral as (
        select candidate.*
        from {{ ref("int_nccu_referral") }} as candidate
        left join
            {{ ref("int_nccu_match_counting") }} as answered
            on candidate.force_code = answered.force_code
            and candidate.referral_ref = answered.referral_ref
        where answered.referral_ref is null
    ),

    document as (select * from {{ ref("int_nccu_document") }} where not is_counting),

    {{ match_documents("referral", "document") }}

select *
from matched

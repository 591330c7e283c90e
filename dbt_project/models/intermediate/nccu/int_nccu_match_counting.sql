-- Steps 1 to 3: referrals and the documents that count.
with
    referral as (select * from {{ ref("int_nccu_referral") }}),

    document as (select * from {{ ref("int_nccu_document") }} where is_counting),

    {{ match_documents("referral", "document") }}

select *
from matched

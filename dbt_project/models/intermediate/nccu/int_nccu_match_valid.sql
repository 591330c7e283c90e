with
    referral as (select * from {{ ref("int_nccu_referral") }}),

    counting_document as (select * from {{ ref("int_nccu_document") }} where is_counting),

    {{ match_documents("referral", "counting_document") }},

    final as (select * from matched)

select *
from final

with
    source as (
        {{
            version_as_at(
                source("law_enforcement", "nccu_referral"),
                first_version_stands="if_created",
                deleted="left_out",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            referral_id,
            referral_ref,
            {{ blank_to_null("occurrence_ref") }} as occurrence_ref,
            reporting_officer_no,

            -- text
            channel,
            referral_type,
            outcome,

            -- numbers
            persons_count,

            -- times
            contacted_at
        from source
        where contacted_at <= as_at
    )

select *
from renamed

-- The macro match_documents assigns documents to referrals in one pass. This is correct only if,
-- within an occurrence, `first_usable_at` never falls while `contacted_at` rises. If policy raises
-- before_call_hours from one day to the next, `first_usable_at` can fall between a contact before
-- the change and a contact after it.
{{ config(severity="warn", enabled=env_var("ASSURANCE_KIND", "force") == "force") }}

with
    ordered as (
        select
            force_code,
            referral_ref,
            first_usable_at,
            lag(first_usable_at) over (
                partition by force_code, occurrence_ref order by contacted_at, referral_ref
            ) as first_usable_before
        from {{ ref("int_nccu_referral") }}
        where occurrence_ref is not null
    )

select force_code, referral_ref
from ordered
where first_usable_at < first_usable_before

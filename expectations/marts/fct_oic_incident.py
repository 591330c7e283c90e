"""Occurrences of organised immigration crime."""

from expectations.shared.code_lists import DETECTION_ROUTES
from expectations.shared.mart_suite import mart_suite, not_later
from expectations.shared.own_history import as_many_as_published
from expectations.shared.recounts import adds_up_to_raw
from expectations.vocabulary import WARNING, Expectations, every_row, no_rows, one_of

_DIFFERENT_REFERRAL_COUNTS = """
with
    referral as (
        select force_code, occurrence_ref, count(*) as referrals
        from {candidate}.fct_nccu_referral
        group by force_code, occurrence_ref
    )
select incident.occurrence_ref
from {rows} as incident
left join referral using (force_code, occurrence_ref)
where incident.referral_count <> coalesce(referral.referrals, 0)
"""


@mart_suite(
    "fct_oic_incident",
    one_row_per=("occurrence_ref",),
    source_text_columns=("occurrence_ref", "district_code", "district_label"),
)
def fct_oic_incident() -> Expectations:
    """Every occurrence of organised immigration crime that was not cancelled or deleted."""
    return [
        one_of(
            "detection_route",
            DETECTION_ROUTES,
            description="Every detection route is a defined one.",
        ),
        not_later(
            "reported_at", "No incident was reported after the moment that the figures are for."
        ),
        every_row(
            "counts_are_counts",
            "referral_count >= 0 and intelligence_count >= 0",
            description="No count of referrals or documents is negative.",
            columns=("referral_count", "intelligence_count"),
            dimension="validity",
        ),
        every_row(
            "persons_plausible",
            "persons_count is null or persons_count between 0 and 500",
            description="Every number of people is between 0 and 500.",
            columns=("persons_count",),
            severity=WARNING,
            dimension="validity",
        ),
        no_rows(
            "referrals_add_up",
            _DIFFERENT_REFERRAL_COUNTS,
            description=(
                "Every incident's referral count equals the number of referrals with its reference."
            ),
            columns=("referral_count",),
        ),
        adds_up_to_raw(
            "occurrence",
            "occurrence_ref",
            "is_oic and status <> 'CANCELLED' and reported_at <= {as_at}",
            description=(
                "The incidents are exactly those in raw at the moment that the figures are for."
            ),
        ),
        as_many_as_published("fct_oic_incident"),
    ]

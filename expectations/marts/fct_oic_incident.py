"""Occurrences of organised immigration crime."""

from expectations.codes import DETECTION_ROUTES
from expectations.mart import mart, not_later
from expectations.past import as_many_as_published
from expectations.raw import adds_up_to_raw
from expectations.vocabulary import WARNING, Promises, every_row, filled, nothing, one_of

_OTHER_THAN_THE_REFERRALS = """
with
    referral as (
        select force_code, occurrence_ref, count(*) as referrals
        from {candidate}.fct_nccu_referral
        group by 1, 2
    )
select incident.occurrence_ref
from {rows} as incident
left join referral using (force_code, occurrence_ref)
where incident.referral_count <> coalesce(referral.referrals, 0)
"""


@mart(
    "fct_oic_incident",
    one_row_per=("occurrence_ref",),
    names_from_sources=("occurrence_ref", "district_code"),
)
def fct_oic_incident() -> Promises:
    """Every occurrence with the organised-immigration-crime qualifier that was not cancelled."""
    return [
        filled(
            "reported_at",
            "detection_route",
            "referral_count",
            "intelligence_count",
            words="Every incident has its {column}.",
        ),
        one_of(
            "detection_route", DETECTION_ROUTES, words="How it came to notice is a defined route."
        ),
        not_later("reported_at", "No incident is from after the moment the figures are for."),
        every_row(
            "counts_are_counts",
            "referral_count >= 0 and intelligence_count >= 0",
            words="Nothing is counted below nought.",
            columns=("referral_count", "intelligence_count"),
            dimension="validity",
        ),
        every_row(
            "persons_plausible",
            "persons_count is null or persons_count between 0 and 500",
            words="The number of persons is one that an incident can have.",
            columns=("persons_count",),
            severity=WARNING,
            dimension="validity",
        ),
        nothing(
            "referrals_add_up",
            _OTHER_THAN_THE_REFERRALS,
            words="Each incident's referrals are as many as there are for its reference.",
            columns=("referral_count",),
        ),
        adds_up_to_raw(
            "occurrence",
            "occurrence_ref",
            "is_oic and status <> 'CANCELLED' and reported_at <= {as_at}",
            words="Every incident that was landed and stands is here once, and nothing else is.",
        ),
        as_many_as_published("fct_oic_incident"),
    ]

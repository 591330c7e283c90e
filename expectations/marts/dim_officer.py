"""Officers and staff over time, under their pseudonyms."""

from expectations.codes import EMPLOYMENT_TYPES
from expectations.mart import known_unit, mart, officer_keys
from expectations.past import as_many_as_published
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of

_OVERLAPPING = """
select officer_key, valid_from
from (
    select
        officer_key, valid_from,
        lag(valid_to) over (partition by force_code, officer_key order by valid_from) as previous_to
    from {rows}
) as version
where previous_to > valid_from
"""

_WITHOUT_A_VERSION = """
select named.officer_key
from (
    select force_code, officer_key from {candidate}.fct_nccu_referral
    union
    select force_code, officer_key from {candidate}.fct_intelligence_report
    union
    select force_code, officer_key from {candidate}.fct_training_requirement
) as named
where named.officer_key is not null
    and not exists (
        select
        from {rows} as officer
        where officer.force_code = named.force_code and officer.officer_key = named.officer_key
    )
"""


@mart(
    "dim_officer",
    one_row_per=("officer_key", "valid_from"),
    # Codes of the personnel system, which has no list of them.
    names_from_sources=("rank_grade", "role_code", "absence_status"),
)
def dim_officer() -> Promises:
    """Every version of every officer: where they were and what they did, from when to when."""
    return [
        officer_keys(always=False),
        filled("valid_to", "is_resolved", "org_unit_code", words="Every version has its {column}."),
        one_of(
            "employment_type",
            EMPLOYMENT_TYPES,
            words="Everybody serves in a way that is defined.",
        ),
        known_unit(),
        every_row(
            "version_has_a_span",
            "valid_from < valid_to",
            words="Every version holds for a day at least.",
            columns=("valid_from", "valid_to"),
            dimension="validity",
        ),
        nothing(
            "one_version_a_day",
            _OVERLAPPING,
            words="Nobody is in two places on one day.",
            columns=("valid_from", "valid_to"),
            dimension="consistency",
        ),
        nothing(
            "every_officer_known",
            _WITHOUT_A_VERSION,
            words="Every officer that a record names is among the officers.",
            dimension="integrity",
        ),
        as_many_as_published("dim_officer"),
    ]

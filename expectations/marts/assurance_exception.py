"""What needs somebody to act."""

from expectations.codes import AGE_BANDS, EXCEPTIONS, POINTS, TRAINING_REQUIREMENTS, listed
from expectations.mart import known_unit, mart, not_later, officer_keys
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of, unique

_MISSING_WITHOUT_EXCEPTION = """
select referral_ref as record_ref
from (
    select force_code, referral_ref
    from {candidate}.fct_nccu_referral
    where is_counted and intelligence_class = 'missing'
) as missing
full join (
    select force_code, record_ref as referral_ref, record_ref
    from {rows}
    where exception_code = 'REFERRAL_DOCUMENT_MISSING'
) as listed using (force_code, referral_ref)
where missing.force_code is null or listed.record_ref is null
"""


@mart("assurance_exception", one_row_per=("exception_key",), names_from_sources=("record_ref",))
def assurance_exception() -> Promises:
    """Every referral, person or plan that somebody must do something about."""
    return [
        filled(
            "exception_code",
            "point_code",
            "record_ref",
            "org_unit_code",
            "opened_at",
            "first_seen_at",
            "times_reopened",
            "age_days",
            "age_band",
            words="Everything on the list has its {column}.",
        ),
        unique(
            "force_code",
            "exception_code",
            "record_ref",
            "officer_key",
            name="listed_once",
            words="Nothing is on the list twice for the same reason.",
        ),
        officer_keys(always=False),
        known_unit(),
        one_of("point_code", POINTS, words="Everything on the list belongs to an assurance point."),
        one_of("age_band", AGE_BANDS, words="Everything on the list is in one of four age bands."),
        one_of("exception_code", EXCEPTIONS, words="Everything on the list says what is wrong."),
        every_row(
            "reopened_after_it_was_seen",
            "times_reopened >= 0 and (reopened_at is not null) = (times_reopened > 0) "
            "and coalesce(reopened_at > first_seen_at, true)",
            words="What has come back says when, and that is after it was first seen.",
            columns=("first_seen_at", "reopened_at", "times_reopened"),
        ),
        not_later("first_seen_at", "Nothing on the list was first seen after that moment."),
        not_later("opened_at", "Nothing on the list begins after the moment the figures are for."),
        every_row(
            "band_follows_age",
            "age_days >= 0 and age_band = case when age_days <= 1 then '0-1' when age_days <= 7 "
            "then '2-7' when age_days <= 28 then '8-28' else 'over 28' end",
            words="The age band is that of the days since it began.",
            columns=("age_days", "age_band"),
        ),
        every_row(
            "training_by_requirement",
            f"record_ref in ({listed(TRAINING_REQUIREMENTS)}) and officer_key is not null",
            among="point_code in ('HYDRA', 'ELEARNING')",
            words="Outstanding training names the requirement and the pseudonym, never a number.",
            columns=("record_ref",),
            dimension="privacy",
        ),
        nothing(
            "missing_documents_listed",
            _MISSING_WITHOUT_EXCEPTION,
            words="Every counted referral without a document is on the list, and no other.",
        ),
    ]

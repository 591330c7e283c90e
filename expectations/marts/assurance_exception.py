"""The list of exceptions."""

from expectations.shared.code_lists import EXCEPTIONS, TRAINING_REQUIREMENTS, any_of
from expectations.shared.mart_suite import mart_suite, not_later, officer_keys
from expectations.vocabulary import Expectations, every_row, no_rows, one_of, unique

_MISSING_DOCUMENTS_NOT_AS_LISTED = """
with
    missing as (
        select force_code, referral_ref
        from {candidate}.fct_nccu_referral
        where is_counted and intelligence_class = 'missing'
    ),
    listed as (
        select force_code, record_ref as referral_ref, record_ref
        from {rows}
        where exception_code = 'REFERRAL_DOCUMENT_MISSING'
    )
select referral_ref as record_ref
from missing
full join listed using (force_code, referral_ref)
where missing.force_code is null or listed.record_ref is null
"""


@mart_suite(
    "assurance_exception", one_row_per=("exception_key",), source_text_columns=("record_ref",)
)
def assurance_exception() -> Expectations:
    """Every referral, officer or plan that somebody must act on."""
    return [
        unique(
            "force_code",
            "exception_code",
            "record_ref",
            "officer_key",
            name="listed_once",
            description="No exception is listed twice for the same reason.",
        ),
        one_of("exception_code", EXCEPTIONS, description="Every row has a defined exception code."),
        officer_keys(),
        every_row(
            "reopened_after_it_was_seen",
            """
            times_reopened >= 0
            and (reopened_at is not null) = (times_reopened > 0)
            and coalesce(reopened_at > first_seen_at, true)
            """,
            description="Every reopened exception was reopened after it was first seen.",
            columns=("first_seen_at", "reopened_at", "times_reopened"),
        ),
        not_later(
            "first_seen_at",
            "No exception was first seen after the moment that the figures are for.",
        ),
        not_later("opened_at", "No exception opened after the moment that the figures are for."),
        every_row(
            "band_follows_age",
            """
            age_days >= 0
            and age_band = case
                when age_days <= 1 then '0-1'
                when age_days <= 7 then '2-7'
                when age_days <= 28 then '8-28'
                else 'over 28'
            end
            """,
            description="Every exception's age band matches its age in days.",
            columns=("age_days", "age_band"),
        ),
        every_row(
            "training_by_requirement",
            f"record_ref = {any_of(TRAINING_REQUIREMENTS)} and officer_key is not null",
            where="exception_code in ('TRAINING_OUTSTANDING', 'HYDRA_PLACE_MISSING')",
            description="Every training exception has a requirement code and a pseudonym.",
            columns=("record_ref",),
            dimension="privacy",
        ),
        no_rows(
            "missing_documents_listed",
            _MISSING_DOCUMENTS_NOT_AS_LISTED,
            description=(
                "The listed missing documents are exactly those of counted referrals without one."
            ),
        ),
    ]

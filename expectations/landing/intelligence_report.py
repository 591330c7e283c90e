"""Metadata of intelligence documents."""

from expectations.shared.current_records import latest_versions, nearly_all_records, refers_to
from expectations.shared.landing_suite import landing_suite
from expectations.shared.own_history import mix_as_before, recorded_as_usual
from expectations.vocabulary import WARNING, Expectations, every_result, sql

# The query compares the occurrence of each document with the occurrence of its referral. It leaves
# out a document if its referral is not found, or if the document or the referral names no
# occurrence. Other expectations count the documents whose reference is not found.
_SAME_OCCURRENCE = """
with referral as (<<referrals>>)
select report.report_id, report.occurrence_ref = referral.occurrence_ref as holds
from {current} as report
inner join referral
    on report.force_code = referral.force_code
    and report.nccu_referral_ref = referral.referral_ref
where report.occurrence_ref is not null and referral.occurrence_ref is not null
"""


@landing_suite("intelligence/report")
def intelligence_report() -> Expectations:
    """Metadata of intelligence documents, without their content."""
    return [
        nearly_all_records(
            "submitted_has_a_time",
            "submitted_at is not null",
            where="status = 'SUBMITTED'",
            description="Every submitted document has a time of submission.",
            columns=("status", "submitted_at"),
        ),
        nearly_all_records(
            "graded_by_a_known_scheme",
            "grading_scheme in ('3x5x2', '5x5x5')",
            description="Every document is graded under one of the two schemes.",
            columns=("grading_scheme",),
            tolerance=0.1,
        ),
        refers_to(
            "nccu_referral_ref",
            "rms/nccu_referral",
            "referral_ref",
            key="report_id",
            description="Every referral that a document names exists.",
        ),
        refers_to(
            "occurrence_ref",
            "rms/occurrence",
            "occurrence_ref",
            key="report_id",
            description="Every occurrence that a document names exists.",
        ),
        refers_to(
            "author_officer_no",
            "hr/personnel",
            "collar_no",
            key="report_id",
            description="Every author is listed in the personnel file.",
        ),
        every_result(
            "occurrence_of_its_referral",
            sql(_SAME_OCCURRENCE, referrals=latest_versions("rms/nccu_referral")),
            description="Every document is about the same occurrence as the referral it names.",
            columns=("nccu_referral_ref", "occurrence_ref"),
            tolerance=0.05,
            severity=WARNING,
            dimension="consistency",
        ),
        recorded_as_usual("intelligence/report"),
        mix_as_before(
            "intelligence/report",
            "document_type_code",
            description="The mix of document types is about as before.",
        ),
        mix_as_before(
            "intelligence/report",
            "grading_scheme",
            description="The mix of grading schemes is about as before.",
        ),
        mix_as_before(
            "intelligence/report",
            "handling_code",
            description="The mix of handling codes is about as before.",
        ),
    ]

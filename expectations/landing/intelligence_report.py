"""Intelligence documents, metadata only."""

from expectations.landed import landed
from expectations.past import mix_as_before, recorded_as_usual
from expectations.records import latest, of_current, refers_to
from expectations.vocabulary import WARNING, Promises, every, sql

# A referral that names no occurrence, or that is not there, is counted elsewhere.
_SAME_OCCURRENCE = """
select report.report_id, report.occurrence_ref = referral.occurrence_ref as holds
from {current} as report
inner join (<<referrals>>) as referral
    on report.force_code = referral.force_code
    and report.nccu_referral_ref = referral.referral_ref
where report.occurrence_ref is not null and referral.occurrence_ref is not null
"""


@landed("intelligence/report")
def intelligence_report() -> Promises:
    """Intelligence documents: what they are, never what they say."""
    return [
        of_current(
            "submitted_has_a_time",
            "submitted_at is not null",
            among="status = 'SUBMITTED'",
            words="Submitted documents say when they were submitted.",
            columns=("status", "submitted_at"),
        ),
        of_current(
            "graded_by_a_known_scheme",
            "grading_scheme in ('3x5x2', '5x5x5')",
            words="Documents are graded by one of the two schemes.",
            columns=("grading_scheme",),
            tolerating=0.1,
        ),
        refers_to(
            "nccu_referral_ref",
            "rms/nccu_referral",
            "referral_ref",
            key="report_id",
            words="Documents name referrals that exist.",
        ),
        refers_to(
            "occurrence_ref",
            "rms/occurrence",
            "occurrence_ref",
            key="report_id",
            words="Documents name occurrences that exist.",
        ),
        refers_to(
            "author_officer_no",
            "hr/personnel",
            "collar_no",
            key="report_id",
            words="Documents are written by officers that the personnel file knows.",
        ),
        every(
            "occurrence_of_its_referral",
            sql(_SAME_OCCURRENCE, referrals=latest("rms/nccu_referral")),
            words="A document and the referral it names are about the same occurrence.",
            columns=("nccu_referral_ref", "occurrence_ref"),
            tolerating=0.05,
            severity=WARNING,
            dimension="consistency",
        ),
        recorded_as_usual("intelligence/report"),
        mix_as_before(
            "intelligence/report",
            "document_type_code",
            words="Documents are of the types, in the proportions, that they were before.",
        ),
        mix_as_before(
            "intelligence/report",
            "grading_scheme",
            words="Documents are graded by the schemes, in the proportions, of before.",
        ),
        mix_as_before(
            "intelligence/report",
            "handling_code",
            words="Documents have the handling codes, in the proportions, of before.",
        ),
    ]

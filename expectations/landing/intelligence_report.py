"""Intelligence documents, metadata only."""

from expectations.landed import landed
from expectations.records import of_current, refers_to
from expectations.vocabulary import Promises


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
    ]

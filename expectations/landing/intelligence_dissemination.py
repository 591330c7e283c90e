"""What was shared, and with whom."""

from expectations.landed import landed
from expectations.past import mix_as_before, recorded_as_usual
from expectations.records import latest, of_current, refers_to
from expectations.vocabulary import WARNING, Promises, every, sql

_SHARED_WHEN_SUBMITTED = """
select shared.dissemination_id, report.submitted_at <= shared.shared_at as holds
from {current} as shared
inner join (<<reports>>) as report
    on shared.force_code = report.force_code and shared.report_urn = report.report_urn
where report.submitted_at is not null
"""


@landed("intelligence/dissemination")
def dissemination() -> Promises:
    """Documents that were shared with another agency."""
    return [
        refers_to(
            "report_urn",
            "intelligence/report",
            "report_urn",
            key="dissemination_id",
            words="What is shared is a document that exists.",
            severity=WARNING,
        ),
        of_current(
            "recorded_after_sharing",
            "shared_at <= created_at + interval '1 day'",
            words="Sharing is recorded after it took place.",
            columns=("shared_at", "created_at"),
        ),
        every(
            "shared_when_submitted",
            sql(_SHARED_WHEN_SUBMITTED, reports=latest("intelligence/report")),
            words="What is shared was submitted before.",
            columns=("shared_at",),
            tolerating=0.05,
            severity=WARNING,
            dimension="consistency",
        ),
        recorded_as_usual("intelligence/dissemination"),
        mix_as_before(
            "intelligence/dissemination",
            "recipient_agency",
            words="Documents are shared with the agencies, in the proportions, of before.",
        ),
    ]

"""What was shared, and with whom."""

from expectations.landed import landed
from expectations.past import mix_as_before, recorded_as_usual
from expectations.records import of_current, refers_to
from expectations.vocabulary import WARNING, Promises, every

_SHARED_WHEN_SUBMITTED = """
select shared.dissemination_id, bool_or(report.submitted_at <= shared.shared_at) as holds
from {current} as shared
inner join {raw_law_enforcement}.intelligence_report as report
    on shared.force_code = report.force_code and shared.report_urn = report.report_urn
where report.submitted_at is not null
group by shared.force_code, shared.dissemination_id
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
            _SHARED_WHEN_SUBMITTED,
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

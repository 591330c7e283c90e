"""Intelligence documents that were shared."""

from expectations.shared.current_records import latest_versions, nearly_all_records, refers_to
from expectations.shared.landing_suite import landing_suite
from expectations.shared.own_history import mix_as_before, recorded_as_usual
from expectations.vocabulary import WARNING, Expectations, every_result, sql

_SHARED_AFTER_SUBMISSION = """
with report as (<<reports>>)
select shared.dissemination_id, report.submitted_at <= shared.shared_at as holds
from {current} as shared
inner join report
    on shared.force_code = report.force_code and shared.report_urn = report.report_urn
where report.submitted_at is not null
"""


@landing_suite("intelligence/dissemination")
def dissemination() -> Expectations:
    """Documents that were shared with another agency, and when."""
    return [
        refers_to(
            "report_urn",
            "intelligence/report",
            "report_urn",
            key="dissemination_id",
            description="Every shared document is listed as an intelligence document.",
            severity=WARNING,
        ),
        nearly_all_records(
            "recorded_after_sharing",
            "shared_at <= created_at + interval '1 day'",
            description="No document is recorded as shared before it was shared.",
            columns=("shared_at", "created_at"),
        ),
        every_result(
            "shared_when_submitted",
            sql(_SHARED_AFTER_SUBMISSION, reports=latest_versions("intelligence/report")),
            description="Every shared document was submitted before it was shared.",
            columns=("shared_at",),
            tolerance=0.05,
            severity=WARNING,
            dimension="consistency",
        ),
        recorded_as_usual("intelligence/dissemination"),
        mix_as_before(
            "intelligence/dissemination",
            "recipient_agency",
            description="The mix of agencies that receive documents is about as before.",
        ),
    ]

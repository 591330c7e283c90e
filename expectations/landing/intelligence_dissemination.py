"""What was shared, and with whom."""

from expectations.landed import landed
from expectations.records import of_current, refers_to
from expectations.vocabulary import WARNING, Promises


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
    ]

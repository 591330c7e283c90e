"""The expectations about the freshness of datasets, for a force and for the national warehouse."""

from expectations.vocabulary import (
    WARNING,
    Expectations,
    every_result,
    every_row,
)


def verdict_checks() -> Expectations:
    """Expect that the verdict on each dataset fits its deliveries, and that every one is fresh."""
    return [
        every_row(
            "fresh_means_delivered",
            "due_by is not null and due_by >= {as_at}",
            where="verdict = 'fresh'",
            description="No dataset is fresh if it was never delivered or is overdue.",
            columns=("verdict", "due_by"),
        ),
        every_result(
            "all_fresh",
            "select dataset, verdict = 'fresh' as holds from {rows}",
            description="Every dataset is fresh.",
            columns=("verdict",),
            dimension="freshness",
            severity=WARNING,
            owner="the dataset's owner",
        ),
    ]

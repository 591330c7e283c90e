"""The expectations about the freshness of datasets, for a force and for the national warehouse."""

from expectations.shared.code_lists import FRESHNESS
from expectations.vocabulary import (
    WARNING,
    Expectations,
    every_result,
    every_row,
    filled,
    one_of,
)


def verdict_checks() -> Expectations:
    """Expect a verdict on each dataset that fits its deliveries, and that every one is fresh."""
    return [
        filled("verdict", description="Every dataset has a value in {column}."),
        one_of("verdict", FRESHNESS, description="Every dataset is fresh, stale or failed."),
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

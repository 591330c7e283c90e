"""Two change counts can be compared only if they belong to the same series."""

from dataclasses import replace
from datetime import UTC, datetime

from oic_assurance.sources.databases.change_counts import ChangeCounts

EARLIER = ChangeCounts("16384 1", 10, 5, 2, datetime(2026, 1, 5, 6, tzinfo=UTC))


def test_the_changes_since_earlier_counts_are_the_differences() -> None:
    now = replace(EARLIER, inserted=13, updated=6)
    assert now.since(EARLIER) == (3, 1, 0)


def test_counts_that_started_again_are_not_compared() -> None:
    assert replace(EARLIER, identity="16384 2").since(EARLIER) is None
    assert EARLIER.since(None) is None

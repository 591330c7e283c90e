"""`assurance status` has a line about the upkeep only if something is wrong with it."""

from datetime import UTC, datetime, timedelta

from oic_assurance.operations.review.due import DueTable
from oic_assurance.operations.upkeep.record import Upkeep
from oic_assurance.reporting.screens.upkeep import review_lines, upkeep_lines

NIGHT = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)
LOGS = Upkeep("logs", NIGHT, NIGHT, "done", {"logs deleted": 3, "logs cut": 0}, 2_500_000, 100_000,
              None, NIGHT)  # fmt: skip
BROKEN = Upkeep("scratch", NIGHT, NIGHT, "failed", message="the disk is full.")


def text(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def test_nothing_is_said_while_all_is_well() -> None:
    assert upkeep_lines([], NIGHT) == []
    assert upkeep_lines([LOGS], NIGHT + timedelta(days=2)) == []


def test_a_part_that_failed_is_named_with_its_reason() -> None:
    found = text(upkeep_lines([LOGS, BROKEN], NIGHT))
    assert found == (
        "Upkeep scratch failed on 02 May 2026 04:00: the disk is full. `assurance upkeep list` "
        "shows all parts."
    )


def test_a_part_that_was_not_done_for_days_is_named() -> None:
    found = text(upkeep_lines([LOGS], NIGHT + timedelta(days=4)))
    assert found.startswith("Upkeep logs: not done for days (last: 02 May 2026 04:00).")


def test_the_status_says_how_many_records_wait_and_nothing_else() -> None:
    table = DueTable("hr/personnel", "personnel", 9, 2, 1, 4, 2, NIGHT)
    assert text(review_lines([table])).startswith("Retention 3 records past retention wait")
    assert review_lines([DueTable("hr/personnel", "personnel", 4, 0, 0, 4, 0, None)]) == []

"""The screens of `assurance upkeep` say what was done, and what a person does next."""

from datetime import UTC, date, datetime

from oic_assurance.operations.review.decisions import Decision
from oic_assurance.operations.upkeep.record import Upkeep
from oic_assurance.reporting.screens.upkeep import Upkeeps, decision_line, upkeep_screen

NIGHT = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)
LOGS = Upkeep("logs", NIGHT, NIGHT, "done", {"logs deleted": 3, "logs cut": 0}, 2_500_000, 100_000,
              None, NIGHT)  # fmt: skip
BROKEN = Upkeep("scratch", NIGHT, NIGHT, "failed", message="the disk is full.")
SECOND = Decision(7, "hr/personnel", "personnel", "erase", None, "x", 2, "a", NIGHT, True, None,
                  None, None, None)  # fmt: skip


def test_the_list_shows_what_each_part_did_and_leaves_out_zeros() -> None:
    lines = upkeep_screen(Upkeeps([LOGS, BROKEN])).splitlines()
    assert lines[1].split()[-7:] == ["3", "logs", "deleted", "2.5", "MB", "0.1", "MB"]
    assert "the disk is full." in lines[-1]


def test_a_decision_that_waits_names_the_command_for_the_second_person() -> None:
    assert decision_line(SECOND).endswith("`assurance upkeep confirm 7`.")


def test_a_kept_record_is_told_with_the_day_of_its_next_review() -> None:
    kept = Decision(8, "hr/personnel", "personnel", "keep", date(2031, 5, 2), "x", 1, "a", NIGHT,
                    False, None, None, None, None)  # fmt: skip
    assert decision_line(kept).endswith("come up for review again on 02 May 2031.")

"""The Board's log: screening for persons, and a dataset that a force may do without."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.landing.checks import WITHHELD
from oic_assurance.sources.screening import screening_words
from simulator.chance import Chance
from simulator.delivery.registers import BOARD, BOARD_FILE, drops
from simulator.governance.board_log import BoardLog
from simulator.governance.plans import PlanRegister
from simulator.governance.recommendations import RecommendationLog
from simulator.period import Period
from tests.conftest import PROJECT_ROOT
from tests.integration.landing.support import World, workbook
from tests.integration.operations.support import Row, correct, export, replay_waiting
from tests.screening import texts

FILE = f"{BOARD}/{BOARD_FILE}"
MONDAY = datetime(2026, 3, 2, 17, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 3, 17, tzinfo=UTC)
QUESTION_HEADER = [
    "question_ref", "raised_on", "point_code", "question", "asked_of", "answered_on", "status",
    "answer",
]  # fmt: skip
ACTION_HEADER = [
    "action_ref", "question_ref", "point_code", "action", "owner_role", "agreed_on", "due_on",
    "revised_due_on", "closed_on", "status", "evidence_ref",
]  # fmt: skip
DAY = date(2026, 2, 18)
BOOK = "Book the remaining places."


def question(ref: str, words: str = "What has been done?", answer: str | None = None) -> list[Any]:
    return [ref, DAY, "HYDRA", words, "Chief Constable", None, "OPEN", answer]


def action(ref: str, words: str = BOOK, owner: str = "Head of Learning", **other: Any) -> list[Any]:
    return [
        ref, other.get("question_ref"), "HYDRA", words, owner, DAY, date(2026, 4, 1),
        other.get("revised_due_on"), other.get("closed_on"), other.get("status", "OPEN"),
        other.get("evidence_ref"),
    ]  # fmt: skip


def log(questions: list[list[Any]], actions: list[list[Any]]) -> bytes:
    sheets = {
        "Questions": [QUESTION_HEADER, *questions],
        "Actions": [ACTION_HEADER, *actions],
    }
    return workbook(sheets)


def actions(world: World, *columns: str) -> dict[str, tuple[Any, ...]]:
    return world.state(BOARD, columns or ("action",), table="board_action")


# -------------------------------------------------------------------------------- screening


def found(world: World, text: str) -> bool:
    """Return whether the screening rejects a text for any reason."""
    words = screening_words()
    return bool(
        world.one(
            "select landing.may_name_person(%s, %s, %s, %s) or"
            " landing.may_hold_number_of_officer(%s) or landing.may_hold_telephone(%s)"
            " or landing.may_hold_email(%s)",
            text, list(words.known), list(words.roles), list(words.given), text, text, text,
        )
    )  # fmt: skip


def test_the_screening_errs_as_often_as_the_documentation_says(world: World) -> None:
    missed = [not found(world, text) for text in texts("with_person")]
    false_alarms = [found(world, text) for text in texts("without_person")]
    assert len(missed) >= 200
    assert len(false_alarms) >= 200
    measured = [
        f"| {name} | {sum(wrong)} of {len(wrong)} | {sum(wrong[1::2])} of {len(wrong[1::2])} |"
        for name, wrong in (("missed", missed), ("false alarms", false_alarms))
    ]
    page = (PROJECT_ROOT / "docs/explanation/screening.md").read_text(encoding="utf-8")
    assert [line for line in measured if line not in page] == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("DCI Okafor will report", "may name a person"),
        ("ask mr khan for the list", "may name a person"),
        ("PC 1432 has been told", "may hold a collar or employee number"),
        ("Employee number 004512 is listed", "may hold a collar or employee number"),
        ("The duty lead is on 01604 555 210", "may hold a telephone number"),
        ("Send it to the.lead@example.org", "may hold an e-mail address"),
    ],
)
def test_a_text_about_a_person_is_rejected_and_shown_nowhere(
    world: World, words: str, reason: str
) -> None:
    content = log([question("Q1", answer=words)], [action("A1", words), action("A2", owner=words)])
    world.drop(FILE, content, MONDAY)
    assert world.land(BOARD).rows_rejected == 3
    why = f"{reason}: write the role instead"
    rejected = [(key, reasons) for _, key, reasons in world.reasons(BOARD)]
    assert rejected == [
        ("Q1", [f"answer {why}"]),
        ("A1", [f"action {why}"]),
        ("A2", [f"owner_role {why}"]),
    ]
    content_rows = world.query(
        "select content ->> 'answer', content ->> 'action', content ->> 'owner_role'"
        " from audit.rejected_row order by rejected_id"
    )
    assert content_rows == [
        (WITHHELD, None, None),
        (None, WITHHELD, "Head of Learning"),
        (None, BOOK, WITHHELD),
    ]
    stored = world.one(
        "select concat((select jsonb_agg(to_jsonb(b)) from audit.batch as b),"
        " (select jsonb_agg(to_jsonb(r)) from audit.rejected_row as r),"
        " (select jsonb_agg(to_jsonb(l)) from audit.processing_log as l))"
    )
    assert words not in stored


def test_a_row_that_cannot_be_read_keeps_no_text(world: World) -> None:
    wide = [*action("A1", "Speak to Priya Raman"), "one cell", "too many"]
    content = log([question("Q1")], [action("A2"), wide])
    world.drop(FILE, content, MONDAY)
    world.land(BOARD)
    stored = world.one("select coalesce(jsonb_agg(content)::text, '') from audit.rejected_row")
    assert "Priya" not in stored
    assert "A1" not in actions(world)


def test_a_refused_row_counts_as_it_was_before(world: World) -> None:
    world.drop(FILE, log([question("Q1")], [action("A1"), action("A2")]), MONDAY)
    world.land(BOARD)
    changed = action("A1", "DCI Okafor books them.", revised_due_on=date(2026, 6, 1))
    world.drop(FILE, log([question("Q1")], [changed, action("A2")]), TUESDAY)
    assert world.land(BOARD).rows_rejected == 1
    assert actions(world, "action", "revised_due_on") == {"A1": (BOOK, None), "A2": (BOOK, None)}


def test_roles_places_and_codes_are_landed(world: World) -> None:
    words = "Brief the custody teams at Corby and Kettering on the NCCU form by 3 June."
    content = log(
        [question("Q1", "Why has HYDRA fallen since August?")],
        [action("A1", words, "Detective Superintendent, Crime", evidence_ref="FEB/2026/009")],
    )
    world.drop(FILE, content, MONDAY)
    assert world.land(BOARD).rows_rejected == 0
    assert actions(world, "action", "owner_role", "evidence_ref") == {
        "A1": (words, "Detective Superintendent, Crime", "FEB/2026/009")
    }


def test_a_force_can_allow_words(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.drop(
        FILE, log([question("Q1")], [action("A1", "Brief the team at Weekley Wood.")]), MONDAY
    )
    assert world.land(BOARD).rows_rejected == 1
    allowed = tmp_path / "allowed.txt"
    allowed.write_text("# Places\nWeekley Wood\n", encoding="utf-8")
    monkeypatch.setenv("ASSURANCE_ALLOWED_WORDS", str(allowed))
    world.drop(
        FILE, log([question("Q1")], [action("A1", "Brief the team at Weekley Wood.")]), TUESDAY
    )
    assert world.land(BOARD).rows_rejected == 0
    assert actions(world) == {"A1": ("Brief the team at Weekley Wood.",)}


def test_a_withheld_text_must_be_written_again_before_a_replay(world: World) -> None:
    world.drop(FILE, log([question("Q1")], [action("A1", "DCI Okafor to report.")]), MONDAY)
    world.land(BOARD)
    _, rows = export(world, BOARD)
    assert rows[0]["action"] == WITHHELD
    assert replay_waiting(world, BOARD).landed == 0
    assert actions(world) == {}

    def still_named(row: Row) -> Row:
        return {**row, "action": "Okafor to report."}

    assert correct(world, BOARD, still_named).landed == 0

    def corrected(row: Row) -> Row:
        return {**row, "action": "The Head of Crime reports."}

    assert correct(world, BOARD, corrected).landed == 1
    assert actions(world) == {"A1": ("The Head of Crime reports.",)}
    stored = world.one("select jsonb_agg(to_jsonb(r))::text from audit.rejected_row as r")
    assert "Okafor" not in stored


# -------------------------------------------------------------------------------- optional


def expected(world: World) -> list[bool]:
    rows = world.query("select is_expected from audit.extraction order by extraction_id")
    return [value for (value,) in rows]


def test_without_a_folder_the_dataset_is_not_expected_and_with_one_it_is(world: World) -> None:
    report = world.land(BOARD)
    assert (report.batches, report.not_taken, report.refused) == (0, [], [])
    # All other datasets are expected with or without their folder.
    assert world.land("governance/plans").not_taken != []
    (world.dropzone / BOARD).mkdir(parents=True)
    world.land(BOARD)
    (world.dropzone / BOARD).rmdir()
    # Nothing was ever delivered, so nothing is missed.
    world.land(BOARD)
    assert expected(world) == [False, True, True, False]


@pytest.mark.parametrize("is_refused", [False, True])
def test_once_delivered_or_refused_it_stays_expected_without_its_folder(
    world: World, is_refused: bool
) -> None:
    content = b"no workbook" if is_refused else log([question("Q1")], [action("A1")])
    path = world.drop(FILE, content, MONDAY)
    assert len(world.land(BOARD).refused) == is_refused
    path.unlink()
    path.parent.rmdir()
    report = world.land(BOARD)
    assert expected(world) == [True, True]
    assert [one.name for one in report.not_taken] == ["governance/board/"]
    assert actions(world) == ({} if is_refused else {"A1": (BOOK,)})


# -------------------------------------------------------------------------------- history


def test_moves_of_a_date_are_versions(world: World) -> None:
    for day, revised in ((2, None), (3, date(2026, 5, 1)), (4, date(2026, 6, 1))):
        content = log([question("Q1")], [action("A1", revised_due_on=revised)])
        world.drop(FILE, content, datetime(2026, 3, day, 17, tzinfo=UTC))
        world.land(BOARD)
    rows = world.query(
        "select due_on, revised_due_on from raw_general.board_action order by version_at"
    )
    first = date(2026, 4, 1)
    assert rows == [(first, None), (first, date(2026, 5, 1)), (first, date(2026, 6, 1))]


def test_a_log_of_the_simulator_lands_whole(world: World) -> None:
    chance = Chance(11)
    board = BoardLog(chance)
    period = Period(date(2025, 5, 1), date(2025, 5, 1), date(2026, 11, 24), date(2026, 9, 25))
    made = drops(chance, PlanRegister(chance), RecommendationLog(chance), board, period)
    logs = [drop for drop in made if drop.dataset == BOARD]
    assert len(logs) > 20
    for drop in logs[:: len(logs) // 6]:
        world.drop(FILE, drop.content(), drop.dropped_at)
        assert world.land(BOARD).rows_rejected == 0
    assert world.batches(BOARD)[-1]["status"] == "landed"
    assert len(actions(world)) > 20

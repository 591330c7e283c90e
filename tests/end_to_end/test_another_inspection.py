"""A force follows up another inspection with its folder alone, as the guide does it."""

import json
from collections.abc import Iterator

import pytest

from tests.end_to_end.guide import blocks, write_folder
from tests.end_to_end.terminal import Terminal, new_terminal

GUIDE = "another-inspection"
FILE = "clearance_20260601.csv"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """The force of the guide after two runs. The second file corrects a record of the first."""
    folder = tmp_path_factory.mktemp("vetting") / "vetting"
    write_folder(GUIDE, folder)
    with new_terminal(extra={"ASSURANCE_FORCE_FOLDER": str(folder)}) as terminal:
        terminal.does("force", "check", str(folder))
        terminal.does("sources", "create")
        first = blocks(GUIDE)[FILE]
        dropped = terminal.home / "dropzone" / "vetting" / "clearance"
        (dropped / FILE).write_text(first, "utf-8")
        terminal.does("run", "--as-at", "2026-06-02T05:30")
        corrected = first.replace("2026-05-04,2026-02-10", "2026-04-19,2026-02-10").replace(
            "VET0006,2026-05-20,", "VET0006,2026-05-20,2026-06-07"
        )
        (dropped / "clearance_20260608.csv").write_text(corrected, "utf-8")
        terminal.does("run", "--as-at", "2026-06-09T05:30")
        yield terminal


@pytest.mark.slow
def test_its_points_and_no_others_have_positions(terminal: Terminal) -> None:
    query = (
        "select point_code, numerator, denominator, status from marts.assurance_position order by 1"
    )

    assert terminal.ask(query) == [
        ("VETTING", 4, 5, "in_progress"),
        ("VETTING_RISK", 1, 2, "overdue"),
    ]


@pytest.mark.slow
def test_a_declared_exception_is_listed_until_its_record_is_settled(terminal: Terminal) -> None:
    query = """
        select exception_code, record_ref, is_open, closed_because
        from marts.assurance_exception_history
    """

    assert terminal.ask(query) == [("CLEARANCE_ENDED", "VET0006", False, "RENEWED")]


@pytest.mark.slow
def test_the_board_is_given_the_question_of_the_folder(terminal: Terminal) -> None:
    [(question,)] = terminal.ask("select words from marts.board_question")

    assert question == (
        "The deadline was 31 March 2026, but 1 of 2 matters were not decided in time; "
        "what has been done?"
    )


@pytest.mark.slow
def test_a_corrected_record_is_the_cause_of_the_changed_figure(terminal: Terminal) -> None:
    query = """
        select measure_code, period_start::text, cause, record_count, numerator_change
        from marts.restatement where org_unit_code = 'ALL' order by 1
    """

    assert terminal.ask(query) == [
        ("vetting_renewed", "2026-05-01", "CORRECTED_RECORD", 1, 1),
        ("vetting_renewed_in_time", "2026-04-01", "CORRECTED_RECORD", 1, 1),
    ]


@pytest.mark.slow
def test_a_figure_is_followed_to_its_records(terminal: Terminal) -> None:
    found = terminal.document("explain", "vetting_matters_decided", "--period", "2026-02")

    assert "VET0003" in json.dumps(found)

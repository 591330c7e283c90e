"""The daily run lands and checks an additional dataset that no model and no policy uses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.end_to_end.guide import blocks
from tests.end_to_end.terminal import Terminal, new_terminal
from tests.end_to_end.test_add_a_source import DATASET, FILE, GUIDE, RAW, ask
from tests.end_to_end.test_add_a_source import DECLARATION as PLACE

pytestmark = pytest.mark.slow

DECLARATION = Path(PLACE).name


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    own = tmp_path_factory.mktemp("declarations")
    (own / DECLARATION).write_text(blocks(GUIDE)[PLACE], encoding="utf-8")
    with new_terminal(extra={"ASSURANCE_DECLARATIONS": str(own)}) as terminal:
        terminal.does("simulate", "--seed", "11", "--from", "2026-05-25", "--to", "2026-06-01")
        yield terminal


def gate_results(terminal: Terminal, run_id: str) -> dict[str, bool]:
    """Return whether each expectation on the additional dataset passed in a run, keyed by name."""
    query = f"""
        select result.expectation, result.success
        from audit.latest_expectation_result as result
        inner join audit.build as build using (build_id)
        where build.run_id = '{run_id}' and result.suite = '{RAW}'
    """
    return dict(ask(terminal, query))


def last_run(terminal: Terminal) -> tuple[str, str, str]:
    """Return the latest run: its id, its outcome and the gate's verdict on its landing stage."""
    ((run_id, outcome, verdict),) = ask(
        terminal,
        """
        select run.run_id, run.outcome, gate.verdict
        from audit.run as run
        inner join audit.build as build using (run_id)
        inner join audit.gate as gate on gate.build_id = build.build_id and gate.stage = 'landing'
        order by run.started_at desc limit 1
        """,
    )
    return run_id, outcome, verdict


def test_it_is_declared_and_has_no_delivery_yet(terminal: Terminal) -> None:
    terminal.does("run", "--as-at", "2026-06-01T05:30")
    found = gate_results(terminal, last_run(terminal)[0])
    assert not found["has_records"]
    assert all(met for name, met in found.items() if name != "has_records")


def test_a_file_is_landed_and_checked_and_missing_policy_is_a_warning(
    terminal: Terminal,
) -> None:
    folder = terminal.home / "dropzone" / DATASET
    (folder / FILE).write_text(blocks(GUIDE)[FILE], encoding="utf-8")
    terminal.does("run", "--as-at", "2026-06-02T05:30")

    assert ask(terminal, f"select count(*) from {RAW}") == [(4,)]
    found = gate_results(terminal, last_run(terminal)[0])
    assert set(blocks(GUIDE)["checks"].splitlines()) <= set(found)
    assert all(found.values())
    missing = ask(
        terminal,
        "select severity, row_key from audit.latest_expectation_result "
        "inner join audit.failing_row using (result_id) "
        "where expectation = 'has_a_policy' and not success order by build_id desc limit 1",
    )
    assert missing == [("warning", {"dataset": DATASET})]
    listed = terminal.assurance("quarantine", "list").stdout
    assert DATASET in listed
    assert blocks(GUIDE)["reasons"].splitlines()[0] in " ".join(listed.split())
    terminal.does("status")


def test_a_broken_declaration_stops_the_run_with_its_line(terminal: Terminal) -> None:
    file = Path(terminal.extra["ASSURANCE_DECLARATIONS"]) / DECLARATION
    sound = file.read_text(encoding="utf-8")
    file.write_text(sound.replace("delivery: full", "delivery: whole"), encoding="utf-8")
    try:
        done = terminal.assurance("run", "--as-at", "2026-06-02T05:30")
    finally:
        file.write_text(sound, encoding="utf-8")
    assert done.returncode != 0
    output = " ".join((done.stdout + done.stderr).split())
    assert f"{DECLARATION}, line 5: delivery: 'whole' is not one of" in output
    assert "Traceback" not in output


def test_a_removed_declaration_leaves_the_others_unchanged(
    terminal: Terminal,
) -> None:
    without = replace(terminal, extra={})
    without.does("run", "--as-at", "2026-06-02T05:30")
    assert gate_results(terminal, last_run(terminal)[0]) == {}
    assert ask(terminal, f"select count(*) from {RAW}") == [(4,)]

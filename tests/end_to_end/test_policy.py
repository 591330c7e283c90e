"""Mistakes in policy seeds stop everything that uses them, and readers keep what they see."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from oic_assurance.clock import LONDON
from tests.end_to_end.conftest import AS_AT
from tests.end_to_end.terminal import Terminal, published_force
from tests.policy_rows import PLEDGE, put_rows

pytestmark = pytest.mark.slow


@pytest.fixture
def terminal(damaged_project: Path) -> Iterator[Terminal]:
    """A published force whose commands use a copy of the project, in which seeds are changed."""
    with published_force("2026-04-01") as force:
        yield Terminal(force.home, damaged_project)


def test_mistakes_in_seeds_stop_the_run_and_a_row_that_ends_soon_does_not(
    terminal: Terminal,
) -> None:
    before = terminal.current()
    seeds = terminal.project / PLEDGE
    absence, point = seeds / "policy_absence.csv", seeds / "policy_point.csv"
    sound, header = absence.read_text(), point.read_text()
    point.write_text(header.replace("deadline", "dead_line", 1))
    absence.write_text(f"{sound}HOLIDAY,2020-13-01,,the Board,the minutes\n")
    line = sound.count("\n") + 1
    told = [
        f"policy_absence.csv, line {line}, column absence_status: 'HOLIDAY' is unknown",
        f"policy_absence.csv, line {line}, column effective_from: '2020-13-01' does not exist",
        "policy_point.csv, line 1, column dead_line: the seed has no such column",
        "policy_point.csv, line 1, column deadline: the column is missing",
    ]
    run = terminal.assurance("run", "--as-at", AS_AT)
    assert run.returncode == 1
    first, *lines, page = run.stderr.splitlines()
    assert page.startswith("See docs/how-to/at-night.md")
    assert first.startswith("assurance: the run failed: closing the landing: The policy cannot be")
    assert f"Readers still see publication {before}." in first
    assert [one.partition(";")[0] for one in lines] == [f"  {PLEDGE}/{one}" for one in told]
    shown = " ".join(terminal.assurance("status").stdout.split())
    assert all(one in shown for one in told)
    for command in (["sources", "document"], ["publication", "preview"]):
        done = terminal.assurance(*command)
        assert (done.returncode, done.stderr.splitlines()[-len(lines) - 1 : -1]) == (1, lines), (
            command
        )
    for command in (["explain", "hydra_completion"], ["pack"]):
        terminal.does(*command)
    assert terminal.current() == before

    point.write_text(header)
    ends = datetime.now(LONDON).date() + timedelta(weeks=4)
    absence.write_text(sound)
    put_rows(terminal.project, "policy_absence", f"MATERNITY,2020-01-01,{ends},the Board")
    run = terminal.does("run", "--as-at", AS_AT)
    warning = f"column effective_to: the row ends on {ends}, and there is no row for MATERNITY on"
    assert warning in " ".join(run.stdout.split())
    assert warning in " ".join(terminal.assurance("status").stdout.split())
    assert terminal.current() > before

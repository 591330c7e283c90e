"""A point of a synthetic force is closed. Later runs reopen the closure, and it is made again."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.end_to_end.terminal import Terminal
from tests.oracle.clock import wall
from tests.oracle.fill import write_file
from tests.oracle.model import Delivery, Row
from tests.oracle.position import PointDay
from tests.oracle.sign_off import reopened

pytestmark = pytest.mark.slow

STRANDS = ("COLLECT", "ANALYSE", "SHARE")
#: Runs the command line under the name of a person, as if it were an account of the machine.
AS_PERSON = (
    "import sys; from oic_assurance.warehouse import account as a; "
    "person = sys.argv.pop(1); a.account = lambda: person; "
    "from oic_assurance.cli.main import main; main()"
)


class Loop:
    """A state folder with evidence and a register of plans, and the people who sign off."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self.folder = folder
        self.terminal = Terminal(
            terminal.home, terminal.project, {"ASSURANCE_EVIDENCE": str(folder)}
        )

    def as_person(self, person: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", AS_PERSON, person, "signoff", *arguments],
            env=self.terminal.environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=600,
        )  # fmt: skip

    def does(self, person: str, *arguments: str) -> dict[str, Any]:
        done = self.as_person(person, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def may_not(self, person: str, *arguments: str) -> str:
        done = self.as_person(person, *arguments)
        assert done.returncode == 2, done.stdout
        assert done.stderr.count("\n") == 1
        return done.stderr

    def drop_plans(self, moment: str, approved: Sequence[str | None]) -> None:
        """Drop a register of plans for a moment. `approved` has each plan's day of approval."""
        plans: list[Row] = [
            {
                "plan_ref": f"P-{strand}",
                "strand": strand,
                "title": "A plan",
                "owner_role": "Superintendent",
                "version": "1",
                "approved_date": date.fromisoformat(day) if day else None,
                "review_due_date": date(2027, 6, 1),
                "evidence_ref": "E1",
            }
            for strand, day in zip(STRANDS, approved, strict=True)
        ]
        home = Path(self.terminal.home) / "dropzone" / "governance" / "plans"
        sheets: dict[str, list[Row]] = {"Plans": plans, "Milestones": []}
        name = "plan_register.xlsx"
        write_file(
            Delivery("governance/plans", name, sheets, wall(moment), wall(moment)), home / name
        )

    def run(self, as_at: str) -> None:
        done = self.terminal.assurance("run", "--as-at", as_at)
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, query: str) -> list[Row]:
        with psycopg.connect(self.terminal.url("gate"), row_factory=dict_row) as gate:
            return gate.execute(query.encode()).fetchall()

    def mart(self) -> list[tuple[Any, ...]]:
        """Return the steps of closures that readers see for the point INTEL_PLAN.

        Each row has the round, the step, the cause, and whether the step is in force.
        """
        with psycopg.connect(self.terminal.url("bi")) as reader:
            return reader.execute(
                "select round, step, cause, is_in_force from marts.sign_off "
                "where point_code = 'INTEL_PLAN' order by round, at, step"
            ).fetchall()

    def caveat(self) -> str:
        with psycopg.connect(self.terminal.url("bi")) as reader:
            row = reader.execute(
                "select caveat from marts.assurance_position where point_code = 'INTEL_PLAN'"
            ).fetchone()
        assert row is not None
        return row[0] or ""

    def by_the_oracle(self, before: int) -> dict[str, set[str]]:
        """Return the points whose closure the oracle reopens, each with the causes.

        The oracle knows only the entries up to number `before`.
        """
        steps = self.ask(f"select * from signoff.step where entry_id <= {before} order by entry_id")
        days = self.ask(
            "select point_code, day, numerator, denominator, value, status from "
            "marts.assurance_position_day"
        )
        daily = {
            (row["point_code"], row["day"]): PointDay(
                row["numerator"], row["denominator"], row["value"], row["status"]
            )
            for row in days
        }
        statuses = self.ask("select point_code, status from marts.assurance_position")
        return reopened(steps, {row["point_code"]: row["status"] for row in statuses}, daily)

    def last_entry(self) -> Row:
        (row,) = self.ask("select * from signoff.step order by entry_id desc limit 1")
        return row

    def close(self) -> None:
        self.does("lead", "agree", "INTEL_PLAN", "--steps", "three plans by December")
        self.does("officer", "evidence", "INTEL_PLAN", "--file", "plans.pdf", "--because", "plans")
        for party, person in (("FORCE", "chief"), ("COMMISSIONER", "commissioner")):
            self.does(person, "sign", "INTEL_PLAN", "--as", party, "--because", "it is done")


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """A separate synthetic force, because the test changes its plans."""
    home = Path(tempfile.mkdtemp(prefix="assurance-sign-off-"))
    terminal = Terminal(home)
    try:
        made = terminal.assurance(
            "simulate", "--seed", "12", "--from", "2026-04-01", "--to", "2026-04-20"
        )
        assert made.returncode == 0, made.stderr
        yield Loop(terminal, tmp_path)
    finally:
        terminal.assurance("db", "stop")
        shutil.rmtree(home, ignore_errors=True)


def test_a_closure_is_made_and_reopens_by_itself(loop: Loop) -> None:
    evidence = loop.folder / "plans.pdf"
    evidence.write_bytes(os.urandom(3_000_000))

    # Asked and answered: three plans, approved in time.
    loop.drop_plans("2026-04-22T12:00", ["2025-11-01"] * 3)
    loop.run("2026-04-23T05:30")
    sign = ["sign", "INTEL_PLAN", "--because", "it is done", "--as"]
    assert "comes after STEPS_AGREED" in loop.may_not("chief", *sign, "FORCE")
    loop.close()
    assert "is in force already" in loop.may_not("commissioner", *sign, "COMMISSIONER")
    assert "another person" in loop.may_not("lead", *sign, "INSPECTORATE")
    loop.does("inspector", *sign, "INSPECTORATE")
    # Readers see the steps from the next publication on.
    assert loop.mart() == []
    loop.run("2026-04-24T05:30")
    steps = ("STEPS_AGREED", "EVIDENCE", "FORCE", "COMMISSIONER", "INSPECTORATE")
    assert loop.mart() == [(1, step, None, True) for step in steps]
    assert "closure" not in loop.caveat()

    # The evidence is changed. The run of the next day finds it.
    evidence.write_bytes(os.urandom(3_000_000))
    loop.run("2026-04-25T05:30")
    assert loop.last_entry()["cause"] == "EVIDENCE_CHANGED"
    assert (1, "REOPENED", "EVIDENCE_CHANGED", True) in loop.mart()
    assert not any(in_force for _, step, _, in_force in loop.mart() if step != "REOPENED")
    assert "its closure was reopened on" in loop.caveat()
    told = " ".join(loop.terminal.assurance("notify", "--dry-run").stdout.split())
    assert "A sign-off was reopened: INTEL_PLAN" in told

    # The point is closed again. Then a new register restates its figure: two plans were approved
    # only after the day of the signature.
    loop.close()
    before = loop.last_entry()["entry_id"]
    loop.drop_plans("2026-04-25T12:00", ["2025-11-01", "2026-04-26", "2026-04-26"])
    loop.run("2026-04-27T05:30")
    assert loop.by_the_oracle(before) == {"INTEL_PLAN": {"RESTATED"}}
    entry = loop.last_entry()
    assert (entry["cause"], entry["by_role"], entry["round"]) == ("RESTATED", "PIPELINE", 2)
    # The publication already shows the reopening that its own build found. The run enters the
    # reopening only after it has published.
    restated = [row for row in loop.mart() if row[0] == 2]
    assert (2, "REOPENED", "RESTATED", True) in restated
    assert "the figure that it was closed on was restated" in loop.caveat()

    # Closed a third time, and it slips.
    loop.close()
    before = loop.last_entry()["entry_id"]
    loop.drop_plans("2026-04-27T12:00", ["2025-11-01", "2026-04-26", None])
    loop.run("2026-04-29T05:30")
    assert "SLIPPED" in loop.by_the_oracle(before)["INTEL_PLAN"]
    assert loop.last_entry()["cause"] == "SLIPPED"
    assert "because the point slipped" in loop.caveat()
    # The rows of round 2 are the same as before, except that they may no longer be in force.
    assert [row[:3] for row in loop.mart() if row[0] == 2] == [row[:3] for row in restated]
    loop.does("lead", "agree", "INTEL_PLAN", "--steps", "the third plan")
    loop.does("officer", "evidence", "INTEL_PLAN", "--file", "plans.pdf", "--because", "plans")
    assert "The data say that INTEL_PLAN is" in loop.may_not("chief", *sign, "FORCE")
    check = loop.as_person("lead", "check")
    assert check.returncode == 0, check.stdout

"""A state folder in which people sign off, each under a name of their own."""

import json
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.end_to_end.terminal import Terminal
from tests.oracle.clock import wall
from tests.oracle.fill import write_file
from tests.oracle.model import Delivery, Row
from tests.oracle.position import PointDay
from tests.oracle.sign_off import reopened

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
        return self.terminal.python("-c", AS_PERSON, person, "signoff", *arguments)

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
        self.terminal.does("run", "--as-at", as_at)

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

    def last_entry_id(self) -> int:
        """Return the number of the newest entry, or 0 if there is none."""
        (row,) = self.ask("select coalesce(max(entry_id), 0) as last from signoff.step")
        return int(row["last"])

    def is_open(self, point: str = "INTEL_PLAN") -> bool:
        """Return whether no step of a point is in force."""
        steps = self.ask(
            f"select step from signoff.step where point_code = '{point}' order by entry_id"
        )
        return not steps or steps[-1]["step"] == "REOPENED"

    def close(self) -> None:
        self.does("lead", "agree", "INTEL_PLAN", "--steps", "three plans by December")
        self.does("officer", "evidence", "INTEL_PLAN", "--file", "plans.pdf", "--reason", "plans")
        for party, person in (("FORCE", "chief"), ("COMMISSIONER", "commissioner")):
            self.does(person, "sign", "INTEL_PLAN", "--as", party, "--reason", "it is done")

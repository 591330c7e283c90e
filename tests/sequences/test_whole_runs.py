"""Whole runs, corrections, roll-backs, releases, sign-offs and restores, in any order.

Each event is a command of its own, as an operator gives it. After each, the marts, the status, the
list of publications, the pack and the record of sign-offs say the same.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.end_to_end.signing import Loop
from tests.end_to_end.terminal import Terminal
from tests.sequences.pointer_model import Made, Model

pytestmark = pytest.mark.slow
EXAMPLES, EVENTS = int(os.environ.get("WHOLE_RUN_EXAMPLES", "2")), 10
WHY = "a step of a sequence"
#: The point that people sign off. Its register of plans is delivered by the test.
POINT = "INTEL_PLAN"
PERSONS = {"FORCE": "chief", "COMMISSIONER": "commissioner"}
_CORRECTION = """
update rms.nccu_referral set persons_count = coalesce(persons_count, 0) + 1, updated_at = %s
where referral_id = (select min(referral_id) from rms.nccu_referral)
"""


class WholeRuns(RuleBasedStateMachine):
    """A small force in a state folder of its own, beside the model of what readers see."""

    def __init__(self) -> None:
        """Simulate the force."""
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        (self.folder / "proof.txt").write_text("the plans", encoding="utf-8")
        self.home = 0
        self.loop = Loop(Terminal(self.folder / "home"), self.folder)
        self.model = Model()
        self.backup: tuple[Path, Model, list[str]] | None = None
        #: The references of the referrals that were erased.
        self.erased: list[str] = []
        self._does("simulate", "--seed", "4", "--from", "2026-04-01", "--to", "2026-05-01")
        self.loop.drop_plans("2026-05-01T12:00", ["2026-03-01", "2026-03-02", "2026-03-03"])

    def teardown(self) -> None:
        """Stop the server and remove the folder."""
        self.loop.terminal.assurance("db", "stop")
        self.stack.close()

    # ------------------------------------------------------------ events

    @initialize()
    def first_run(self) -> None:
        """Publish once."""
        self.run(2, make_current=False)

    @rule(day=st.integers(1, 5), make_current=st.sampled_from((False, False, True)))
    def run(self, day: int, make_current: bool) -> None:
        """Run for a day, which may be earlier than what readers see."""
        told = ["--make-current"] if make_current else []
        self._does("run", "--as-at", f"2026-05-{day + 1:02}T05:30", *told)
        number = max(one["publication_id"] for one in self._publications())
        made = Made(day, self._status_of(number))
        made.reopens = self.model.finds_slipped(day, made.status)
        self.model.publish(number, made, make_current=make_current)

    @rule(day=st.integers(1, 5))
    def correct(self, day: int) -> None:
        """Correct a record at its source."""
        with psycopg.connect(self.loop.terminal.url("rms")) as source:
            source.execute(_CORRECTION, (f"2026-05-{day:02} 12:00+01",))

    @rule(day=st.integers(2, 5), is_approved=st.booleans())
    def deliver_plans(self, day: int, is_approved: bool) -> None:
        """Deliver the register of plans, in which one plan may have lost its approval."""
        first = "2026-03-01" if is_approved else None
        self.loop.drop_plans(f"2026-05-{day:02}T12:00", [first, "2026-03-02", "2026-03-03"])

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        """Roll back to a publication that readers have seen."""
        number = data.draw(st.sampled_from(sorted(set(self.model.shown))))
        if not self._is_kept(number):
            refused = self.loop.terminal.assurance("publication", "rollback", str(number))
            assert refused.returncode == 1
            told = "no longer kept, because they held records that were erased"
            assert told in " ".join(refused.stderr.split())
        elif number != self.model.current:
            self._does("publication", "rollback", str(number), "--reason", WHY)
            self.model.roll_back(number)

    @precondition(lambda self: self.model.holds)
    @rule()
    def release(self) -> None:
        """End the hold, unless an erasure has dropped what waits for it."""
        waiting = [(made.day, one) for one, made in self.model.made.items() if made.waits]
        if waiting and not self._is_kept(max(waiting)[1]):
            return
        self._does("publication", "release", "--reason", WHY)
        self.model.release()

    @rule()
    def sign(self) -> None:
        """Make the next step of the closure."""
        step = self.model.next_step
        if step is None:
            return
        command: Sequence[str] = {
            "STEPS_AGREED": ("lead", "agree", POINT, "--steps", WHY),
            "EVIDENCE": ("officer", "evidence", POINT, "--file", "proof.txt", "--reason", WHY),
        }.get(step, (PERSONS.get(step, ""), "sign", POINT, "--as", step, "--reason", WHY))
        if self.model.sign():
            self.loop.does(*command)
        else:
            assert "cannot be signed" in " ".join(self.loop.may_not(*command).split())

    @rule()
    def erase(self) -> None:
        """Erase a record, which is then said to be erased, before and after the next run."""
        with psycopg.connect(self.loop.terminal.url("rms")) as source:
            rows = source.execute(
                "select referral_id, referral_ref from rms.nccu_referral"
                " where created_at < '2026-05-01' and referral_ref <> all(%s)"
                " order by referral_id desc limit 1",
                (self.erased,),
            ).fetchall()
        for key, name in rows:
            reason = ("--reason", "somebody asked", "--yes")
            self._does("erase", "records", "rms/nccu_referral", str(key), *reason)
            self.erased.append(name)

    @rule()
    def back_up(self) -> None:
        """Back up the warehouse and its secrets."""
        target = self.folder / f"backups-{len(list(self.folder.iterdir()))}"
        self._does("backup", "make", "--to", str(target), "--unencrypted")
        self.backup = next(target.iterdir()), self.model.copy(), [*self.erased]

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """Restore the back-up into an empty state folder, with the same sources and secrets."""
        assert self.backup is not None
        place, model, erased = self.backup
        old = self.loop.terminal
        sources = {
            f"AIRFLOW_CONN_{name.upper()}": old.url(name) for name in ("rms", "intelligence")
        }
        if "AIRFLOW_CONN_RMS" in old.extra:
            sources = {name: value for name, value in old.extra.items() if "CONN" in name}
        self.home += 1
        new = Terminal(
            self.folder / f"home-{self.home}",
            extra={
                "ASSURANCE_DROPZONE": f"file://{self.folder}/home/dropzone",
                "ASSURANCE_PSEUDONYM_KEY": self._secret("pseudonym_key"),
                "ASSURANCE_ERASURE_KEY": self._secret("erasure_key"),
                **sources,
            },
        )
        self.stack.callback(new.assurance, "db", "stop")
        self.loop = Loop(new, self.folder)
        self._does("backup", "restore", str(place))
        self.model, self.erased = model.copy(), [*erased]

    @rule()
    def restart(self) -> None:
        """Stop the server and start it, which migrates what there is to migrate."""
        self._does("db", "stop")
        self._does("db", "start")

    # ------------------------------------------------------------ what must hold after each

    @invariant()
    def everything_says_the_same(self) -> None:
        """Marts, status, list, pack and record name the same publication and the same status."""
        if not self.model.shown:
            return
        wanted = self.model.made[self.model.current]
        status = json.loads(self._does("status", "--json"))
        assert status["publication"]["publication_id"] == self.model.current
        assert [one["publication_id"] for one in self._publications() if one["is_current"]] == [
            self.model.current
        ]
        (shown,) = (one for one in status["position"] if one["point_code"] == POINT)
        assert shown["status"] == wanted.status == self._status_of(self.model.current)
        with psycopg.connect(self.loop.terminal.url("bi")) as reader:
            contradicted = reader.execute(
                "select step.step from marts.sign_off_reopening as found"
                " inner join marts.sign_off as step using (recommendation_code, round)"
                " where step.is_in_force and step.step <> 'REOPENED'"
            ).fetchall()
            told = reader.execute(
                "select publication_id from marts.position_as_published"
                " where point_code = %s order by current_from",
                (POINT,),
            ).fetchall()
        for erased in self.erased:
            found = self.loop.terminal.assurance("explain", "--record", "referral", erased)
            assert "was erased on" in " ".join((found.stdout + found.stderr).split())
        assert contradicted == []
        spells = [
            number
            for place, number in enumerate(self.model.shown)
            if place == 0 or number != self.model.shown[place - 1]
        ]
        assert [number for (number,) in told] == spells
        mart = [(number, step) for number, step, _, _ in self.loop.mart()]
        assert sorted(mart) == sorted((number, step) for number, step, _ in self.model.record)

    # ------------------------------------------------------------ helpers

    def _does(self, *arguments: str) -> str:
        done = self.loop.terminal.does(*arguments)
        return done.stdout

    def _publications(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._does("publication", "list", "--json"))[
            "publications"
        ]
        return found

    def _status_of(self, number: int) -> str:
        """Return what a publication says of the point."""
        (row,) = self.loop.ask(
            f"select status from generation.assurance_position__{number} "
            f"where point_code = '{POINT}'"
        )
        return str(row["status"])

    def _is_kept(self, number: int) -> bool:
        """Tell whether a publication has its tables, which an erasure may have dropped."""
        (row,) = self.loop.ask(f"select to_regclass('generation.assurance_position__{number}')")
        return row["to_regclass"] is not None

    def _secret(self, name: str) -> str:
        secrets = self.folder / "home" / "secrets"
        return (secrets / name).read_text(encoding="utf-8").strip()


def test_whole_runs_in_any_order() -> None:
    run_state_machine_as_test(
        WholeRuns,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=EVENTS,
            deadline=None,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Runs, approvals, roll-backs, releases, sign-offs, access, restores and upgrades in any order.

After each event, whoever looks sees the same: the marts, the limited readers, the screens, the
record of sign-offs and what was shown when. The marts are handmade, so that hundreds of events take
a minute. `test_whole_runs.py` does the same with whole runs.
"""

import os
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from psycopg import sql

from oic_assurance import pipeline
from oic_assurance.builds.record import Build
from oic_assurance.builds.runs import close_run
from oic_assurance.errors import GateBlocked, UsageError
from oic_assurance.operations.access import end, give
from oic_assurance.operations.doctor.warehouse import measure_tables
from oic_assurance.operations.sign_off.entries import ROLES, find_entries
from oic_assurance.operations.sign_off.steps import make_step, reopen_by_decision
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.releases import make_release
from oic_assurance.settings import Settings, load_settings
from oic_assurance.state.read import open_problems
from oic_assurance.warehouse.connections import admin_url, connect, url
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.roles import SIGN_OFF
from tests.commands import shown
from tests.databases import Prepared, migrated, temporary_warehouse, used_as_warehouse
from tests.integration.operations.sign_off_world import fill_points
from tests.integration.publishing.limited_readers import add_history, database_of
from tests.integration.publishing.marts import audit, open_build
from tests.sequences.pointer_model import Made, Model

EXAMPLES, EVENTS = int(os.environ.get("SEQUENCE_EXAMPLES", "2")), 15
POINT, WHY = "HYDRA", "a step of a sequence"
FIRST_DAY = date(2026, 5, 1)
#: A login of each kind of limited reader. Logins belong to the whole server.
LOGINS = {"sequence_inspector": ("U1",), "sequence_office": ()}
FIGURES = {"met_on_time": (96, 100), "in_progress": (60, 100), "slipping": (40, 100)}

runs = st.tuples(
    st.just("run"),
    st.integers(0, 4),
    st.sampled_from(sorted(FIGURES)),
    st.sampled_from(("", "", "make current", "warning", "moved target", "killed")),
)
decisions = st.tuples(
    st.just("decide"),
    st.sampled_from(("roll back", "roll back", "release", "approve")),
    st.integers(0, 9),
)
signing = st.tuples(st.just("sign_off"), st.sampled_from((4, 4, 1, 0)))
access = st.tuples(st.just("change_access"), st.sampled_from(sorted(LOGINS)))
keeping = st.tuples(st.just("keep"), st.sampled_from(("back up", "restore", "restore", "upgrade")))
#: Runs and decisions come more often than the rest.
events = st.one_of(runs, runs, decisions, decisions, signing, signing, access, keeping)


class AllowedError(Exception):
    """A release is not refused: it would be made now."""


class Sequences(RuleBasedStateMachine):
    """A warehouse with handmade marts, beside the model of it."""

    prepared: Prepared

    def __init__(self) -> None:
        """Begin with an empty warehouse."""
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(self.prepared.copy(migrated))
        self.settings: Settings = replace(load_settings(), approve_warnings=True)
        self.model = Model()
        #: The build that waits for a decision, with what it would publish.
        self.waiting: tuple[Build, Made] | None = None
        self.passwords: dict[str, str] = {}
        self.has_access: set[str] = set()
        #: The name of the database that was backed up, with the model of that moment.
        self.backup: tuple[str, Model] | None = None
        self.copies = 0
        self.version = 0

    def teardown(self) -> None:
        """Drop the databases and the logins."""
        with psycopg.connect(admin_url(self.settings, database_of(self.settings))) as server:
            for login in self.passwords:
                role = sql.Identifier(login)
                server.execute(sql.SQL("drop owned by {} cascade").format(role))
                server.execute(sql.SQL("drop role {}").format(role))
        self.stack.close()

    # ------------------------------------------------------------ events
    #
    # Hypothesis leaves whole rules out of most sequences. One rule for all events lets each
    # sequence have runs and decisions about them.

    @rule(event=events)
    def happens(self, event: tuple[Any, ...]) -> None:
        """Let an event happen."""
        name, *arguments = event
        getattr(self, name)(*arguments)

    @initialize()
    def first_run(self) -> None:
        """Publish once, so that there is something to decide about."""
        self.run(0, "met_on_time", "")

    def run(self, day: int, status: str, told: str) -> None:
        """Run for a day, which may be earlier than what readers see. The figures may be others.

        With a warning, the build waits for a decision. The target may have moved. A run that is
        killed has no end.
        """
        self.waiting = None
        reopens = self.model.finds_slipped(day, status)
        made = Made(day, status, reopens, version=self.version)
        made.has_other_target = told == "moved target"
        as_at = f"{FIRST_DAY + timedelta(days=day)} 05:30+01"
        make_current = told == "make current"
        build = open_build(self.settings, as_at=as_at, makes_current=make_current)
        self.model.is_run_open = told == "killed"
        if self.model.is_run_open:
            return
        fill_points(
            self.settings, build, reopens={POINT: made.reopens} if made.reopens else {},
            has_other_target=made.has_other_target, HYDRA=(status, *FIGURES[status]),
        )  # fmt: skip
        add_history(self.settings, build)
        self._add_what_versions_have()
        if told == "warning":
            audit(self.settings, build, verdict="warning")
            with pytest.raises(GateBlocked):
                publish(self.settings, build)
            self.waiting = build, made
        else:
            audit(self.settings, build)
            publish(self.settings, build)
            self.model.publish(build.build_id, made, make_current=make_current)
        close_run(self.settings, build.run_id)

    def decide(self, decision: str, which: int) -> None:
        """Decide what readers see. What is not there to be decided is refused."""
        if decision == "roll back":
            self._roll_back(sorted(self.model.made)[which % len(self.model.made)])
        elif decision == "approve" and self.waiting is not None:
            (build, made), self.waiting = self.waiting, None
            pipeline.decide(
                self.settings, build.build_id, is_approved=True, who="A. Lead", login="lead",
                reason=WHY, through="command line",
            )  # fmt: skip
            pipeline.publish_approved(self.settings, build.build_id)
            self.model.publish(build.build_id, made, make_current=False)
        elif decision == "release" and self.model.holds:
            pipeline.release_hold(self.settings, WHY)
            self.model.release()
        elif decision == "release":
            with pytest.raises(UsageError, match="no hold"):
                pipeline.release_hold(self.settings, WHY)

    def sign_off(self, steps: int) -> None:
        """Make the next steps of the closure, each by an account of its own, or reopen it."""
        for _ in range(steps):
            if self.model.next_step is not None:
                self._sign(self.model.next_step)
        if steps == 0 and self.model.reopen():
            reopen_by_decision(
                self.settings, POINT, role="COMMISSIONER", account="commissioner",
                through="command line", because=WHY,
            )  # fmt: skip

    def change_access(self, login: str) -> None:
        """Give a limited reader access, or end it."""
        if login in self.has_access:
            end(self.settings, login, (), WHY)
            self.has_access.remove(login)
            return
        password = give(self.settings, login, LOGINS[login], WHY)
        if password is not None:
            self.passwords[login] = password
        self.has_access.add(login)

    def keep(self, event: str) -> None:
        """Keep the warehouse as it is, go back to what was kept, or begin with a later version."""
        if event == "upgrade":
            migrate(self.settings)
            self.version += 1
        elif event == "back up":
            self._back_up()
        elif self.backup is not None:
            self._restore(*self.backup)

    # ------------------------------------------------------------ what must hold after each

    @invariant()
    def readers_see_one_publication(self) -> None:
        """The marts show what the model says, and only that."""
        if not self.model.shown:
            return
        wanted = self.model.made[self.model.current]
        with psycopg.connect(url(self.settings, "bi")) as reader:
            rows = reader.execute(
                "select p.publication_id, p.status, p.as_at, q.gate_verdict"
                " from marts.assurance_position as p"
                " inner join marts.publication as q on q.is_current"
            ).fetchall()
        assert [(number, status, as_at.date()) for number, status, as_at, _ in rows] == [
            (self.model.current, wanted.status, FIRST_DAY + timedelta(days=wanted.day))
        ]
        # What readers see passed the gate, or somebody has approved its warnings.
        assert rows[0][3] in ("passed", "warning")

    @invariant()
    def limited_readers_see_the_same(self) -> None:
        """A limited reader sees the current publication, and nothing without access."""
        if not self.model.shown:
            return
        for login, password in self.passwords.items():
            try:
                with psycopg.connect(
                    url(self.settings, "bi"), user=login, password=password
                ) as reader:
                    rows = reader.execute("select publication_id from limited.assurance_position")
                    assert login in self.has_access
                    assert rows.fetchall() == [(self.model.current,)]
            except psycopg.Error:
                assert login not in self.has_access

    @invariant()
    def what_was_shown_is_on_record(self) -> None:
        """Each time that a publication was current has its moments, without gap or overlap."""
        if not self.model.shown:
            return
        with psycopg.connect(url(self.settings, "bi")) as reader:
            rows = reader.execute(
                "select publication_id, current_from, current_to, is_current, status,"
                " was_withdrawn, verdict_cause from marts.position_as_published"
                " order by current_from"
            ).fetchall()
        spells = [
            number
            for place, number in enumerate(self.model.shown)
            if place == 0 or number != self.model.shown[place - 1]
        ]
        assert [row[0] for row in rows] == spells
        assert [row[4] for row in rows] == [self.model.made[number].status for number in spells]
        assert [row[5] for row in rows] == [self.model.made[n].was_withdrawn for n in spells]
        assert [row[6] == "POLICY_CHANGE" for row in rows] == [
            self.model.made[n].has_other_target for n in spells
        ]
        assert [row[3] for row in rows] == [False] * (len(rows) - 1) + [True]
        assert [row[2] for row in rows] == [*(row[1] for row in rows[1:]), None]

    @invariant()
    def sign_offs_say_what_is_recorded(self) -> None:
        """The mart, the record and the model have the same steps in force."""
        if not self.model.shown:
            return
        with psycopg.connect(url(self.settings, "bi")) as reader:
            mart = reader.execute(
                "select round, step, made_on_publication, is_in_force from marts.sign_off"
                " where point_code = %s order by round, at, step = 'REOPENED'",
                (POINT,),
            ).fetchall()
        with connect(self.settings, role=SIGN_OFF) as session:
            record = find_entries(session, self.settings, POINT)
        assert [(one.round, one.step, one.made_on) for one in record] == self.model.record
        assert sorted(row[:3] for row in mart) == sorted(self.model.record)
        in_force = [step for _, step, _, is_in_force in mart if is_in_force]
        assert sorted(step for step in in_force if step != "REOPENED") == sorted(
            self.model.in_force
        )

    @invariant()
    def no_closure_stands_that_readers_are_told_has_slipped(self) -> None:
        """What the current publication finds slipped is not closed."""
        if not self.model.shown:
            return
        with psycopg.connect(url(self.settings, "bi")) as reader:
            contradicted = reader.execute(
                "select step.step from marts.sign_off_reopening as found"
                " inner join marts.sign_off as step using (recommendation_code, round)"
                " where step.is_in_force and step.step <> 'REOPENED'"
            ).fetchall()
        assert contradicted == []

    @invariant()
    def only_what_stands_can_be_released_and_signed(self) -> None:
        """What was rolled back or never shown is refused, and so is a step on another one."""
        for number, made in self.model.made.items():
            stands = made.was_shown and not made.is_withdrawn
            # The handmade publications have no policy of releases, so nothing is made of them.
            with (
                patch("oic_assurance.publishing.releases._make", side_effect=AllowedError),
                pytest.raises(AllowedError if stands else UsageError),
            ):
                make_release(self.settings, number, WHY, "a tester", {}, lambda _: ("", ""))
            if number != self.model.current:
                step = self.model.next_step or "STEPS_AGREED"
                with pytest.raises(UsageError, match="signed off on"):
                    make_step(
                        self.settings, POINT, step, account="lead", through="command line",
                        because=WHY, publication_id=number,
                        evidence="proof.txt" if step == "EVIDENCE" else None,
                    )  # fmt: skip

    @invariant()
    def the_screen_says_the_same(self) -> None:
        """The list marks the current publication, those only kept, and those rolled back."""
        if not self.model.shown:
            return
        found = shown(self.settings, "publication", "list")
        listed = {one["publication_id"]: one for one in found["publications"]}
        assert [number for number, one in listed.items() if one["is_current"]] == [
            self.model.current
        ]
        assert (found["hold"] is not None) == self.model.holds
        for number, made in self.model.made.items():
            assert (listed[number]["kept_because"] is not None) == made.is_kept
            assert (listed[number]["withdrawn_because"] is not None) == made.is_withdrawn

    @invariant()
    def an_upgrade_is_no_tampering_and_what_is_missing_is_said(self) -> None:
        """Tables that were widened are as checked, and marts that readers miss are a problem."""
        if not self.model.shown:
            return
        assert [one.state for one in measure_tables(self.settings)] == ["ok"]
        problems = [one.problem_code for one in open_problems(self.settings)]
        assert ("older" in problems) == self.model.lacks_marts

    @invariant()
    def only_a_run_without_an_end_is_open(self) -> None:
        """The status says of a run that was killed that it has recorded no end, and of no other."""
        if not self.model.shown:
            return
        outcome = shown(self.settings, "status")["run"]["outcome"]
        assert (outcome == "open") == self.model.is_run_open, outcome

    # ------------------------------------------------------------ helpers

    def _add_what_versions_have(self) -> None:
        """Give the candidates the mart and the columns that each version has added."""
        with connect(self.settings, role="oic_transform") as conn:
            for number in range(1, self.version + 1):
                new = f"of_version_{number}"
                for table in ("candidate.assurance_position", "candidate_public.assurance_measure"):
                    add = f"alter table {table} add column {new} text default 'something new'"
                    conn.execute(add.encode())
                make = (
                    f"create table candidate.{new} (force_code text, publication_id bigint,"
                    " primary key (publication_id, force_code))"
                )
                conn.execute(make.encode())

    def _roll_back(self, number: int) -> None:
        """Roll back to a publication, which is refused if readers never saw it."""
        if not self.model.made[number].was_shown:
            with pytest.raises(UsageError, match="was never shown"):
                pipeline.roll_back(self.settings, number, WHY)
        elif number != self.model.current:
            pipeline.roll_back(self.settings, number, WHY)
            self.model.roll_back(number)

    def _sign(self, step: str) -> None:
        is_allowed = self.model.sign()
        with nullcontext() if is_allowed else pytest.raises(UsageError, match="cannot be signed"):
            make_step(
                self.settings, POINT, step, account=ROLES[step].lower(), through="command line",
                because=WHY, evidence="proof.txt" if step == "EVIDENCE" else None,
            )  # fmt: skip

    def _back_up(self) -> None:
        self.copies += 1
        name = f"{database_of(self.settings)[:40]}_kept_{self.copies}"
        uri = os.environ["AIRFLOW_CONN_WAREHOUSE"]
        kept = temporary_warehouse(name, template=database_of(self.settings))
        self.stack.enter_context(kept)
        self.stack.enter_context(used_as_warehouse(uri))
        self.backup = name, self.model.copy()

    def _restore(self, name: str, model: Model) -> None:
        """Go back to the back-up, as a restore does, and tell what is current."""
        self.copies += 1
        copied = temporary_warehouse(f"{name[:50]}_{self.copies}", template=name)
        self.stack.enter_context(copied)
        self.settings = replace(load_settings(), approve_warnings=True)
        self.model, self.waiting = model.copy(), None
        migrate(self.settings)
        pipeline.tell_what_is_current(self.settings)


@pytest.fixture
def machine(prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Sequences]:
    """The machine, with its databases and a file of evidence."""
    (tmp_path / "proof.txt").write_text("twelve certificates", encoding="utf-8")
    monkeypatch.setenv("ASSURANCE_EVIDENCE", str(tmp_path))
    Sequences.prepared = prepared
    return Sequences


def test_whoever_looks_sees_the_same_after_each_event(machine: type[Sequences]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=EVENTS,
            deadline=None,
            database=None,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_roll_back_to_before_an_upgrade(machine: type[Sequences]) -> None:
    world = machine()
    try:
        world.first_run()
        world.keep("upgrade")
        for event in (("run", 1, "met_on_time", ""), ("decide", "roll back", 0),
                      ("run", 2, "met_on_time", ""), ("decide", "release", 0)):  # fmt: skip
            world.happens(event)
            world.readers_see_one_publication()
            world.an_upgrade_is_no_tampering_and_what_is_missing_is_said()
            world.only_what_stands_can_be_released_and_signed()
    finally:
        world.teardown()


def test_a_roll_back_over_several_publications(machine: type[Sequences]) -> None:
    world = machine()
    try:
        world.first_run()
        for day in (1, 2):
            world.run(day, "met_on_time", "")
        # The last time, publication 3 stands again, and nobody has said that 2 was right.
        for which in (0, 1, 0, 2):
            world.decide("roll back", which)
            world.what_was_shown_is_on_record()
            world.only_what_stands_can_be_released_and_signed()
            world.the_screen_says_the_same()
        assert [number for number, made in world.model.made.items() if made.is_withdrawn] == [2]
    finally:
        world.teardown()

"""Publish and roll back several times, with quiet times in between, and record the times.

Readers must not be disturbed by this work.
"""

import os
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from oic_assurance.publishing.generations import State, read_parts
from oic_assurance.publishing.maintenance import tidy
from oic_assurance.publishing.publication import ROLE, current_hold, current_publication
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.rollback import release, rollback
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.readers.copies import Copier

QUIET, CANDIDATE, PUBLICATION, ROLLBACK, RETENTION = (
    "undisturbed",
    "making a candidate",
    "publication",
    "roll-back, release",
    "statistics, retention",
)
#: The phases, from the least to the most interesting. If a reader's statement overlaps several
#: phases, it counts for the phase that comes last in this list.
BY_WEIGHT = (QUIET, CANDIDATE, RETENTION, PUBLICATION, ROLLBACK)
#: Retention runs once in this number of publications. A daily run has a retention after each
#: publication, but the trial makes fifty publications in minutes. Retention after each of them
#: would take too long, because it may wait for readers up to its time limit.
RETENTION_EVERY = 5
_WHY = "test that readers do not notice"


@dataclass
class Phases:
    """The phases of the work, one after another.

    `what` lists their names, and `began` their starts in seconds of the machine's monotonic clock.
    `ended` is the end of the last phase.
    """

    began: list[float] = field(default_factory=list)
    what: list[str] = field(default_factory=list)
    ended: float = 0.0

    @contextmanager
    def entry(self, what: str) -> Iterator[None]:
        """Record a phase with the name `what`. The phase lasts as long as the block."""
        self.began.append(time.monotonic())
        self.what.append(what)
        yield
        self.ended = time.monotonic()

    def during(self, began: float, seconds: float) -> str | None:
        """Return the phase in which a reader's statement ran.

        `began` is the statement's start and `seconds` its duration. If the statement overlaps
        several phases, return the one that comes last in `BY_WEIGHT`. Return None if the statement
        ended before the first phase or began after the last one.
        """
        if not self.began or began + seconds < self.began[0] or began > self.ended:
            return None
        first = max(0, bisect_right(self.began, began) - 1)
        last = bisect_right(self.began, began + seconds)
        return max(self.what[first:last], key=BY_WEIGHT.index)


@dataclass
class Activity:
    """The result of the publications and roll-backs: phases, counts and faults."""

    phases: Phases = field(default_factory=Phases)
    publications: int = 0
    rollbacks: int = 0
    #: The number of attached generations after the readers have ended.
    attached_afterwards: int = 0
    faults: list[str] = field(default_factory=list)


def run_activity(copier: Copier, publications: int, rollbacks: int, quiet: float) -> Activity:
    """Make `publications` publications, and `rollbacks` roll-backs spread evenly among them.

    Before each publication, wait for `quiet` seconds.
    """
    done = Activity()
    phases, settings = done.phases, copier.settings
    every = max(2, publications // max(1, rollbacks))
    for number in range(1, publications + 1):
        with phases.entry(QUIET):
            time.sleep(quiet)
        with phases.entry(CANDIDATE):
            build = copier.make()
        with phases.entry(PUBLICATION):
            publish(settings, build)
        done.publications += 1
        if number % RETENTION_EVERY == 0:
            with phases.entry(RETENTION):
                tidy(settings)
        if number % every == 0 and done.rollbacks < rollbacks:
            _roll_back_and_release(copier, done, by_command=done.rollbacks % 2 == 0)
    return done


def _roll_back_and_release(copier: Copier, done: Activity, *, by_command: bool) -> None:
    """Roll back to the publication before the current one, publish again, then release.

    Records a fault if the new publication becomes current before the release, or does not become
    current with the release.
    """
    settings, phases = copier.settings, done.phases
    newest = current_publication(settings)
    assert newest is not None
    before = newest.publication_id - 1
    with phases.entry(ROLLBACK):
        if by_command:
            roll_back_by_command(before, _WHY)
        else:
            rollback(settings, before, _WHY)
    done.rollbacks += 1
    with phases.entry(CANDIDATE):
        build = copier.make()
    with phases.entry(PUBLICATION):
        waiting = publish(settings, build)
    hold = current_hold(settings)
    if waiting.is_current or hold is None or hold.reason != _WHY:
        done.faults.append(f"publication {waiting.publication_id} undid the roll-back to {before}")
    with phases.entry(ROLLBACK):
        shown = release(settings, "the trial has checked it")
    if shown.publication_id != build.build_id:
        done.faults.append(f"the release shows {shown.publication_id}, not {build.build_id}")


def roll_back_by_command(publication_id: int, why: str) -> None:
    """Run `assurance publication rollback` in a separate process."""
    command = ["publication", "rollback", str(publication_id), "--reason", why]
    subprocess.run(
        [sys.executable, "-m", "oic_assurance.cli", *command],
        env=dict(os.environ), check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def attached(settings: Settings) -> int:
    """Return the number of attached generations.

    In every query of a reader, PostgreSQL's planner must consider each attached generation.
    """
    with connect(settings, role=ROLE) as conn:
        parts = read_parts(conn)
    return len({part.publication_id for part in parts if part.state is not State.DETACHED})


def size_of_generation(settings: Settings, publication_id: int) -> int:
    """Return the size of one generation in bytes, including its indexes."""
    with connect(settings, role=ROLE) as conn:
        return sum(
            _size(conn, part.name)
            for part in read_parts(conn)
            if part.publication_id == publication_id
        )


def _size(conn: psycopg.Connection, name: str) -> int:
    row = conn.execute(
        "select pg_total_relation_size(to_regclass(%s))", (f"generation.{name}",)
    ).fetchone()
    return int(row[0]) if row else 0

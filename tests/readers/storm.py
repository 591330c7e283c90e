"""Publications and roll-backs one after another, with quiet in between, each noted by the clock."""

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
from oic_assurance.publishing.publication import ROLE, current_hold, current_publication
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.rollback import release, rollback
from oic_assurance.publishing.upkeep import tidy
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.readers.copies import Copier

QUIET, CANDIDATE, PUBLICATION, ROLLBACK, RETENTION = (
    "undisturbed",
    "a candidate is made",
    "publication",
    "roll-back, release",
    "statistics, retention",
)
#: What a statement that lasts over several is counted to: the last of them.
BY_WEIGHT = (QUIET, CANDIDATE, RETENTION, PUBLICATION, ROLLBACK)
#: Publications to one retention: fifty days pass here in minutes, and where readers leave no gap
#: each retention waits as long as it may.
RETENTION_EVERY = 5
_WHY = "to see that readers do not notice"


@dataclass
class Diary:
    """What was done, one thing after another: when it began and what it was."""

    began: list[float] = field(default_factory=list)
    what: list[str] = field(default_factory=list)
    ended: float = 0.0
    took: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def entry(self, what: str) -> Iterator[None]:
        """Note what is done from now on, and what it took."""
        began = time.monotonic()
        self.began.append(began)
        self.what.append(what)
        yield
        self.ended = time.monotonic()
        self.took.setdefault(what, []).append(self.ended - began)

    def during(self, began: float, seconds: float) -> str | None:
        """Return what was done during a statement, or None outside of it all."""
        if not self.began or began + seconds < self.began[0] or began > self.ended:
            return None
        first = max(0, bisect_right(self.began, began) - 1)
        last = bisect_right(self.began, began + seconds)
        return max(self.what[first:last], key=BY_WEIGHT.index)


@dataclass
class Storm:
    """What came of it."""

    diary: Diary = field(default_factory=Diary)
    publications: int = 0
    rollbacks: int = 0
    #: What the roll-back took inside the server, and as a command, Python's start included.
    moves: list[float] = field(default_factory=list)
    commands: list[float] = field(default_factory=list)
    #: Generations attached after each publication; and at the end, when readers have gone.
    attached: list[int] = field(default_factory=list)
    attached_afterwards: int = 0
    faults: list[str] = field(default_factory=list)


def storm(
    copier: Copier, publications: int, rollbacks: int, quiet: float, *, tell: bool = False
) -> Storm:
    """Publish so often, with so many seconds of quiet before each; roll back now and then."""
    done = Storm()
    diary, settings = done.diary, copier.settings
    every = max(2, publications // max(1, rollbacks))
    for number in range(1, publications + 1):
        with diary.entry(QUIET):
            time.sleep(quiet)
        with diary.entry(CANDIDATE):
            build = copier.make()
        with diary.entry(PUBLICATION):
            publish(settings, build)
        done.publications += 1
        if number % RETENTION_EVERY == 0:
            with diary.entry(RETENTION):
                tidy(settings)
        done.attached.append(attached(settings))
        if number % every == 0 and done.rollbacks < rollbacks:
            _take_back(copier, done, by_command=done.rollbacks % 2 == 0)
        if tell:
            _tell(done)
    return done


def _take_back(copier: Copier, done: Storm, *, by_command: bool) -> None:
    """Take the newest publication back, see that the next one waits, then let it be shown."""
    settings, diary = copier.settings, done.diary
    newest = current_publication(settings)
    assert newest is not None
    before = newest.publication_id - 1
    began = time.monotonic()
    with diary.entry(ROLLBACK):
        if by_command:
            roll_back_by_command(before, _WHY)
        else:
            rollback(settings, before, _WHY)
    (done.commands if by_command else done.moves).append(time.monotonic() - began)
    done.rollbacks += 1
    with diary.entry(CANDIDATE):
        build = copier.make()
    with diary.entry(PUBLICATION):
        waiting = publish(settings, build)
    hold = current_hold(settings)
    if waiting.is_current or hold is None or hold.reason != _WHY:
        done.faults.append(f"publication {waiting.publication_id} undid the roll-back to {before}")
    with diary.entry(ROLLBACK):
        shown = release(settings, "it was seen")
    if shown.publication_id != build.build_id:
        done.faults.append(f"the release shows {shown.publication_id}, not {build.build_id}")


def roll_back_by_command(publication_id: int, why: str) -> None:
    """Roll back as somebody at a terminal does, in a process of its own."""
    command = ["publication", "rollback", str(publication_id), "--reason", why]
    subprocess.run(
        [sys.executable, "-m", "oic_assurance.cli", *command],
        env=dict(os.environ), check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def attached(settings: Settings) -> int:
    """Count the generations that readers' queries have to be planned for."""
    with connect(settings, role=ROLE) as conn:
        parts = read_parts(conn)
    return len({part.publication_id for part in parts if part.state is not State.DETACHED})


def size_of_generation(settings: Settings, publication_id: int) -> int:
    """Return how many bytes one generation takes, its indexes included."""
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


def _tell(done: Storm) -> None:
    took = done.diary.took
    sys.stderr.write(
        f"publication {done.publications}: candidate {took[CANDIDATE][-1]:.2f} s, "
        f"publication {took[PUBLICATION][-1]:.2f} s, {done.attached[-1]} attached\n"
    )

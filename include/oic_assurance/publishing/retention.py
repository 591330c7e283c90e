"""How long generations stay: a few attached for readers, more of them aside, the rest erased.

Every generation that is attached makes each query a little dearer: the planner looks at all
partitions and locks them, and with some hundreds that takes longer than the query. So only the
latest few stay attached. Those set aside stay whole, and a roll-back attaches them again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import psycopg
from psycopg import sql

from oic_assurance.publishing.attach import finalise
from oic_assurance.publishing.catalogue import read_tables, referenced_first
from oic_assurance.publishing.generations import Part, State, own_foreign_keys, read_parts
from oic_assurance.publishing.publication import (
    ADVISORY_LOCK,
    ROLE,
    Publication,
    find_current,
)
from oic_assurance.publishing.schemas import FACES, GENERATION
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, reason

ATTACHED = 7
KEPT = 400
#: For the whole of it, and for one step, before what is left over is put off to the next time.
PATIENCE_SECONDS = 20.0
STEP_SECONDS = 2.0
# Some of the steps need a table for themselves for a moment. A reader who comes meanwhile waits no
# longer than this; and it is shorter than `deadlock_timeout`, so that of a reader and us we give
# way.
LOCK_PATIENCE = "100ms"
_PAUSE_SECONDS = 0.1

# How many sessions hold a snapshot in which the last move away from a publication has not happened.
# These are the columns of the view that every login may read of every session.
_OLD_SNAPSHOTS = """
select count(*)
from pg_catalog.pg_stat_activity as a
where a.datname = current_database() and a.usesysid is not null and a.pid <> pg_backend_pid()
    and age(a.backend_xmin) >= (
        select age(m.moved_in::xid)
        from audit.publication_move as m
        where m.from_publication = %s
        order by m.move_id desc
        limit 1
    )
"""


@dataclass
class Retention:
    """What was done about old generations, and what was put off to the next time and why."""

    detached: list[int] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    put_off: str | None = None


class _PutOffError(Exception):
    """Readers are in the way; nothing is lost by trying again at the next publication."""


class _StillSeenError(_PutOffError):
    """A reader still sees a generation as the current one, and so those that came after it."""


def detach_old(
    settings: Settings,
    *,
    attached: int = ATTACHED,
    keep: int = KEPT,
    patience: float = PATIENCE_SECONDS,
) -> Retention:
    """Set old generations aside and erase the oldest; readers notice nothing.

    The current publication and the newest `attached` ones stay where they are; of all the rest the
    newest, up to `keep` generations in all, are kept as tables of their own. What was attached and
    never shown is erased, once a later publication has taken its place. A reader whose
    transaction began while a generation was current does not lose it: it is then left for the next
    time. So are steps that readers leave no room for, after `patience` seconds of waiting in all.
    Interrupted at any point, the next call goes on.
    """
    done = Retention()
    deadline = time.monotonic() + patience
    with connect(settings, role=ROLE, autocommit=True) as conn, _alone(conn) as is_alone:
        if not is_alone:
            done.put_off = "a publication is under way"
            return done
        conn.execute("select set_config('lock_timeout', %s, false)", (LOCK_PATIENCE,))
        aside, beyond = _choose(conn, attached=max(attached, 1), keep=max(keep, 1))
        try:
            # First what an interruption left behind.
            _drop_own_keys(conn, deadline)
            _set_all_aside(conn, aside, deadline, done)
            for publication_id in beyond:
                parts = _parts_of(conn, publication_id)
                if all(part.state is State.DETACHED for part in parts):
                    _erase(conn, parts, deadline, "which are kept no longer")
                    done.erased.append(publication_id)
        except _PutOffError as why:
            done.put_off = str(why)
    return done


def drop_generations(
    settings: Settings,
    publication_ids: Sequence[int],
    why: str,
    *,
    patience: float = PATIENCE_SECONDS,
) -> Retention:
    """Drop the tables of these publications, whatever retention would keep, but the current one's.

    As far as readers allow: what they leave no room for is put off, as in `detach_old`.
    """
    done = Retention()
    deadline = time.monotonic() + patience
    with connect(settings, role=ROLE, autocommit=True) as conn, _alone(conn) as is_alone:
        if not is_alone:
            done.put_off = "a publication is under way"
            return done
        conn.execute("select set_config('lock_timeout', %s, false)", (LOCK_PATIENCE,))
        current = find_current(conn)
        try:
            _drop_own_keys(conn, deadline)
            for publication_id in sorted(publication_ids):
                parts = _parts_of(conn, publication_id)
                if not parts or (current and current.publication_id == publication_id):
                    continue
                _set_aside(conn, parts, deadline)
                _erase(conn, _parts_of(conn, publication_id), deadline, why)
                done.erased.append(publication_id)
        except _PutOffError as put_off:
            done.put_off = str(put_off)
    return done


@contextmanager
def _alone(conn: psycopg.Connection) -> Iterator[bool]:
    """Keep publishers out, unless one is at work: then there is nothing to hurry for."""
    row = conn.execute("select pg_try_advisory_lock(%s)", (ADVISORY_LOCK,)).fetchone()
    is_alone = bool(row and row[0])
    try:
        yield is_alone
    finally:
        if is_alone and not conn.broken:
            conn.execute("select pg_advisory_unlock(%s)", (ADVISORY_LOCK,))


def _choose(conn: psycopg.Connection, *, attached: int, keep: int) -> tuple[list[int], list[int]]:
    """Return the generations to set aside and, of them, those to erase; the oldest first."""
    current = find_current(conn)
    there = {part.publication_id for part in read_parts(conn)}
    abandoned = _abandoned(conn, there, current)
    newest_first = sorted(there - abandoned, reverse=True)
    shown = {*newest_first[:attached], *([current.publication_id] if current else [])}
    aside = [publication_id for publication_id in newest_first if publication_id not in shown]
    beyond = [publication_id for publication_id in newest_first[keep:] if publication_id in aside]
    return sorted({*aside, *abandoned}), sorted({*beyond, *abandoned})


def _abandoned(conn: psycopg.Connection, there: set[int], current: Publication | None) -> set[int]:
    """Return the generations that were attached by a publisher who was killed, and never shown.

    A later publication has taken their place; until there is one, they can be taken up again.
    """
    if current is None:
        return set()
    rows = conn.execute("select publication_id from marts.publication").fetchall()
    earlier = {generation for generation in there if generation < current.publication_id}
    return earlier - {published for (published,) in rows}


def _parts_of(conn: psycopg.Connection, publication_id: int) -> list[Part]:
    return [part for part in read_parts(conn) if part.publication_id == publication_id]


def _set_all_aside(
    conn: psycopg.Connection, aside: list[int], deadline: float, done: Retention
) -> None:
    """Set generations aside as far as readers allow: a table they keep does not keep the others."""
    for publication_id in aside:
        parts = _parts_of(conn, publication_id)
        if all(part.state is State.DETACHED for part in parts):
            continue
        try:
            _set_aside(conn, parts, deadline)
            done.detached.append(publication_id)
        except _StillSeenError as why:
            done.put_off = str(why)
            return
        except _PutOffError as why:
            done.put_off = str(why)


def _set_aside(conn: psycopg.Connection, parts: list[Part], deadline: float) -> None:
    """Detach the tables of one generation, those that refer to others first."""
    _wait_for_its_readers(conn, parts[0].publication_id, deadline)
    parents = [table for face in FACES for table in read_tables(conn, face.parents).values()]
    by_parent = {(part.face.parents, part.table): part for part in parts}
    for parent in reversed(referenced_first(parents)):
        part = by_parent.get((parent.schema, parent.name))
        if part is not None:
            _insist(partial(_detach, conn, part), deadline, part.name)
            _drop_own_keys(conn, deadline)


def _detach(conn: psycopg.Connection, part: Part) -> None:
    # An attempt that was interrupted has left its table pending, and a parent has one at a time.
    for other in read_parts(conn):
        if other.parent == part.parent and other.state is State.PENDING:
            conn.execute(finalise(other))
    # Asked again: it may have been this one.
    if read_parts(conn, part.name)[0].state is State.ATTACHED:
        conn.execute(
            sql.SQL("alter table {} detach partition {} concurrently").format(
                part.parent, part.identifier
            )
        )


def _drop_own_keys(conn: psycopg.Connection, deadline: float) -> None:
    """Drop the foreign keys that detached tables keep: they would hold on to what they refer to.

    A transaction each, so that never are two tables that readers use locked at once.
    """
    for table, key in own_foreign_keys(conn):
        statement = sql.SQL("alter table {} drop constraint {}").format(
            sql.Identifier(GENERATION, table), sql.Identifier(key)
        )
        _insist(partial(conn.execute, statement), deadline, table)


def _erase(conn: psycopg.Connection, parts: list[Part], deadline: float, why: str) -> None:
    tables = sql.SQL(", ").join(part.identifier for part in parts)
    what = f"publication {parts[0].publication_id}"

    def drop() -> None:
        with conn.transaction():
            conn.execute(sql.SQL("drop table {}").format(tables))
            conn.execute(
                "insert into audit.processing_log (action, what) values ('erasure', %s)",
                (f"the tables of {what}, {why}",),
            )

    _insist(drop, deadline, what)


def _insist(step: Callable[[], object], deadline: float, what: str) -> None:
    """Try a step until it finds a moment that readers leave free."""
    until = _until(deadline)
    while True:
        try:
            step()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > until:
                raise _PutOffError(f"readers are at {what} ({reason(error)})") from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _wait_for_its_readers(conn: psycopg.Connection, publication_id: int, deadline: float) -> None:
    """Wait for readers who still see a generation as the current one."""
    until = _until(deadline)
    while True:
        row = conn.execute(_OLD_SNAPSHOTS, (publication_id,)).fetchone()
        readers = row[0] if row else 0
        if not readers:
            return
        if time.monotonic() > until:
            raise _StillSeenError(f"{readers} readers still see publication {publication_id}")
        time.sleep(_PAUSE_SECONDS)


def _until(deadline: float) -> float:
    return min(deadline, time.monotonic() + STEP_SECONDS)

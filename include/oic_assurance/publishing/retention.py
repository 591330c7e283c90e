"""Detach old generations, and drop the oldest generations.

Each attached generation makes every query a little slower, because the planner looks at all
partitions and locks them. With several hundred partitions, planning takes longer than the query
itself. So only the latest few generations stay attached. Detached generations remain complete, and
a roll-back attaches them again.
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
from oic_assurance.publishing.publication import ROLE, Publication, find_current
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import PUBLISHING, release, try_take
from oic_assurance.warehouse.processing_log import enter, publication_mark
from oic_assurance.warehouse.rows import one_value

ATTACHED = 7
KEPT = 400
#: How long one call keeps trying. Work that is left by then is put off to the next call.
PATIENCE_SECONDS = 20.0
#: How long to keep trying one step.
STEP_SECONDS = 2.0
# Some steps need exclusive access to a table for a moment. While such a step waits for its lock,
# new readers wait too, but no longer than this. This time is shorter than the server's
# `deadlock_timeout`, so a deadlock cancels the retention step and not the reader.
LOCK_PATIENCE = "100ms"
_PAUSE_SECONDS = 0.1

# Counts the sessions whose snapshot dates from before the publication stopped being current. The
# query uses only columns of `pg_stat_activity` that every login may read for all sessions.
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
    """The generations that were detached and the generations that were dropped (`erased`).

    `put_off` says why some steps were put off to the next call, or is None if no step was.
    """

    detached: list[int] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    put_off: str | None = None


class _PutOffError(Exception):
    """Readers use a table, so a step is put off. The next publication tries the step again."""


class _StillSeenError(_PutOffError):
    """A reader still sees a generation as current.

    So this generation and later ones are not detached in this call.
    """


def detach_old(
    settings: Settings,
    *,
    attached: int = ATTACHED,
    keep: int = KEPT,
    patience: float = PATIENCE_SECONDS,
) -> Retention:
    """Detach old generations and drop the oldest ones, without disturbing readers.

    - The current generation and the newest `attached` generations stay attached.
    - The newest of the rest, up to `keep` generations in total, are kept as detached tables.
    - A generation that was attached but never published, because the publisher was killed, is
      dropped once a later publication is current.

    Some work is put off to the next call:

    - generations that a reader's transaction still sees as current,
    - steps that need a table that readers keep in use for `STEP_SECONDS`,
    - all steps that are left after `patience` seconds.

    After an interruption at any point, the next call continues.
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
            # An interrupted call may have left foreign keys on detached tables.
            _drop_own_keys(conn, deadline)
            done = _set_all_aside(conn, aside, deadline)
            generations = _generations(conn) if beyond else {}
            for publication_id in beyond:
                parts = generations[publication_id]
                if all(part.state is State.DETACHED for part in parts):
                    _erase(conn, parts, deadline, "which are no longer kept")
                    done.erased.append(publication_id)
        except _PutOffError as why:
            done.put_off = str(why)
    return done


def planned(settings: Settings, *, attached: int = ATTACHED, keep: int = KEPT) -> Retention:
    """Return what `detach_old` would do now, without doing it."""
    with connect(settings, role=ROLE) as conn:
        aside, beyond = _choose(conn, attached=max(attached, 1), keep=max(keep, 1))
        still_attached = {
            part.publication_id for part in read_parts(conn) if part.state is not State.DETACHED
        }
    return Retention([one for one in aside if one in still_attached], beyond)


def drop_generations(
    settings: Settings,
    publication_ids: Sequence[int],
    why: str,
    *,
    patience: float = PATIENCE_SECONDS,
) -> Retention:
    """Drop the tables of the given publications, regardless of retention.

    The tables of the current publication are never dropped. If readers have a table in use for too
    long, the step is put off, as in `detach_old`.
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
            generations = _generations(conn)
            for publication_id in sorted(publication_ids):
                parts = generations.get(publication_id, [])
                if not parts or (current and current.publication_id == publication_id):
                    continue
                _set_aside(conn, parts, deadline)
                _erase(conn, parts, deadline, why)
                done.erased.append(publication_id)
        except _PutOffError as put_off:
            done.put_off = str(put_off)
    return done


@contextmanager
def _alone(conn: psycopg.Connection) -> Iterator[bool]:
    """Prevent other processes from publishing during the block.

    Yields False if another process is already publishing. Then the caller skips its work, because
    retention can wait.
    """
    is_alone = try_take(conn, PUBLISHING)
    try:
        yield is_alone
    finally:
        if is_alone:
            release(conn, PUBLISHING)


def _choose(conn: psycopg.Connection, *, attached: int, keep: int) -> tuple[list[int], list[int]]:
    """Return two lists of publication ids: generations to detach, and generations to drop.

    Each list has the oldest generation first. Every generation to drop is also in the first list,
    because a generation must be detached before it can be dropped.
    """
    current = find_current(conn)
    there = {part.publication_id for part in read_parts(conn)}
    abandoned = _abandoned(conn, there, current)
    newest_first = sorted(there - abandoned, reverse=True)
    shown = {*newest_first[:attached], *([current.publication_id] if current else [])}
    aside = [publication_id for publication_id in newest_first if publication_id not in shown]
    beyond = [publication_id for publication_id in newest_first[keep:] if publication_id in aside]
    return sorted({*aside, *abandoned}), sorted({*beyond, *abandoned})


def _abandoned(conn: psycopg.Connection, there: set[int], current: Publication | None) -> set[int]:
    """Return the generations that a killed publisher has attached and that were never published.

    Only generations older than the current publication count. A newer generation can still be
    published.
    """
    if current is None:
        return set()
    rows = conn.execute("select publication_id from marts.publication").fetchall()
    earlier = {generation for generation in there if generation < current.publication_id}
    return earlier - {published for (published,) in rows}


def _generations(conn: psycopg.Connection) -> dict[int, list[Part]]:
    """Return the tables of each kept generation, keyed by the publication's id."""
    found: dict[int, list[Part]] = {}
    for part in read_parts(conn):
        found.setdefault(part.publication_id, []).append(part)
    return found


def _set_all_aside(conn: psycopg.Connection, aside: list[int], deadline: float) -> Retention:
    """Detach generations whose tables are not in use by readers.

    If readers use a table of one generation, the next generation is tried. If a reader still sees
    a generation as current, this generation and later ones stay attached.
    """
    done = Retention()
    generations = _generations(conn)
    for publication_id in aside:
        parts = generations[publication_id]
        if all(part.state is State.DETACHED for part in parts):
            continue
        try:
            _set_aside(conn, parts, deadline)
            done.detached.append(publication_id)
        except _StillSeenError as why:
            done.put_off = str(why)
            break
        except _PutOffError as why:
            done.put_off = str(why)
    return done


def _set_aside(conn: psycopg.Connection, parts: list[Part], deadline: float) -> None:
    """Detach the tables of one generation.

    A table with foreign keys is detached before the tables to which its keys refer.
    """
    _wait_for_its_readers(conn, parts[0].publication_id, deadline)
    parents = [
        table
        for schema in PUBLISHED_SCHEMAS
        for table in read_tables(conn, schema.parents).values()
    ]
    by_parent = {(part.schema.parents, part.table): part for part in parts}
    for parent in reversed(referenced_first(parents)):
        part = by_parent.get((parent.schema, parent.name))
        if part is not None:
            _insist(partial(_detach, conn, part), deadline, part.name)
            _drop_own_keys(conn, deadline, part.name)


def _detach(conn: psycopg.Connection, part: Part) -> None:
    # An interrupted attempt may have left a detachment pending. A partitioned table can have only
    # one pending detachment, so the pending one is completed first.
    for other in read_parts(conn, only_pending=True):
        if other.parent == part.parent:
            conn.execute(finalise(other))
    # Read the state of the table again, because its own detachment may just have been completed.
    if read_parts(conn, part.name)[0].state is State.ATTACHED:
        conn.execute(
            sql.SQL("alter table {} detach partition {} concurrently").format(
                part.parent, part.identifier
            )
        )


def _drop_own_keys(conn: psycopg.Connection, deadline: float, name: str | None = None) -> None:
    """Drop the foreign keys of detached tables, or of the detached table with this name.

    A table cannot be dropped while a foreign key of another table refers to it. Each key is dropped
    in its own transaction, so that no transaction locks two tables that readers use.
    """
    for table, key in own_foreign_keys(conn, name):
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
            enter(
                conn,
                "erasure",
                f"the tables of {what}, {why}",
                because="retention",
                concerns=[publication_mark(parts[0].publication_id)],
            )

    _insist(drop, deadline, what)


def _insist(step: Callable[[], object], deadline: float, what: str) -> None:
    """Repeat a step until it gets its lock. `what` names the table in the error message.

    Raises:
        _PutOffError: Readers had the table in use for `STEP_SECONDS` or until the deadline.
    """
    until = _until(deadline)
    while True:
        try:
            step()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > until:
                raise _PutOffError(f"readers are using {what} ({reason(error)})") from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _wait_for_its_readers(conn: psycopg.Connection, publication_id: int, deadline: float) -> None:
    """Wait until no reader sees a generation as the current one.

    Raises:
        _StillSeenError: A reader has seen it as current for `STEP_SECONDS` or until the deadline.
    """
    until = _until(deadline)
    while True:
        readers = one_value(conn, _OLD_SNAPSHOTS.encode(), (publication_id,))
        if readers == 0:
            return
        if time.monotonic() > until:
            raise _StillSeenError(f"{readers} readers still see publication {publication_id}")
        time.sleep(_PAUSE_SECONDS)


def _until(deadline: float) -> float:
    return min(deadline, time.monotonic() + STEP_SECONDS)

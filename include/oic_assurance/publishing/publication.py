"""Publications on record, and the pointer to the one that readers see."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

ROLE = "oic_publish"
# Any number will do, as long as everybody who moves the pointer or a partition uses this one.
ADVISORY_LOCK = 4_620_120

_FIELDS = (
    "publication_id",
    "force_code",
    "published_at",
    "as_at",
    "code_version",
    "input_fingerprint",
    "content_fingerprint",
    "gate_verdict",
    "is_current",
    "withdrawn_at",
    "withdrawn_because",
)
_SELECT = sql.SQL("select {} from marts.publication ").format(
    sql.SQL(", ").join(map(sql.Identifier, _FIELDS))
)


@dataclass(frozen=True)
class Publication:
    """A generation of the marts that was published."""

    publication_id: int
    force_code: str
    published_at: datetime
    as_at: datetime
    code_version: str | None
    input_fingerprint: str | None
    content_fingerprint: str | None
    gate_verdict: str
    is_current: bool
    withdrawn_at: datetime | None
    withdrawn_because: str | None


@dataclass(frozen=True)
class Hold:
    """That readers stay with an earlier publication until somebody releases a later one."""

    publication_id: int
    since: datetime
    reason: str
    #: The newest of the publications that were made meanwhile and wait, and how many there are.
    newest_waiting: int | None
    waiting: int


def list_publications(settings: Settings) -> list[Publication]:
    """Return every publication, the newest first."""
    with connect(settings, role=ROLE) as conn:
        rows = conn.execute(_SELECT + sql.SQL("order by publication_id desc")).fetchall()
    return [Publication(*row) for row in rows]


def current_publication(settings: Settings) -> Publication | None:
    """Return the publication that readers see, or None before the first."""
    with connect(settings, role=ROLE) as conn:
        return find_current(conn)


def find_publication(conn: psycopg.Connection, publication_id: int) -> Publication | None:
    """Return a publication by its id, or None."""
    row = conn.execute(_SELECT + sql.SQL("where publication_id = %s"), (publication_id,)).fetchone()
    return Publication(*row) if row else None


def find_current(conn: psycopg.Connection) -> Publication | None:
    """Return the publication that readers see, or None before the first."""
    row = conn.execute(_SELECT + sql.SQL("where is_current")).fetchone()
    return Publication(*row) if row else None


def current_hold(settings: Settings) -> Hold | None:
    """Return why later publications wait, or None when the newest is the one that readers see."""
    with connect(settings, role=ROLE) as conn:
        return find_hold(conn)


def find_hold(conn: psycopg.Connection) -> Hold | None:
    """Return the hold that the latest move of the pointer has set, or None."""
    row = conn.execute(
        """
        select move.to_publication, move.moved_at, move.reason, later.newest, later.many
        from audit.publication_move as move
        cross join lateral (
            select max(made.publication_id) as newest, count(*) as many
            from marts.publication as made
            where made.publication_id > move.to_publication
                and not exists (
                    select
                    from audit.publication_move as shown
                    where shown.to_publication = made.publication_id
                )
        ) as later
        where move.holds
            and move.move_id = (select max(latest.move_id) from audit.publication_move as latest)
        """
    ).fetchone()
    return Hold(*row) if row else None


def was_shown(conn: psycopg.Connection, publication_id: int) -> bool:
    """Tell whether readers have ever seen a publication."""
    row = conn.execute(
        "select exists (select from audit.publication_move where to_publication = %s)",
        (publication_id,),
    ).fetchone()
    return bool(row and row[0])


def move_pointer(
    conn: psycopg.Connection, publication_id: int, reason: str, *, holds: bool = False
) -> int | None:
    """Make a publication the current one and record that; return which one it was before.

    Readers whose statement or transaction began before the commit keep what they see. With `holds`
    no later publication takes its place until one is released.
    """
    before = conn.execute(
        "update marts.publication set is_current = false where is_current returning publication_id"
    ).fetchone()
    conn.execute(
        "update marts.publication "
        "set is_current = true, withdrawn_at = null, withdrawn_because = null "
        "where publication_id = %s",
        (publication_id,),
    )
    left = before[0] if before else None
    conn.execute(
        """
        insert into audit.publication_move (from_publication, to_publication, reason, holds)
        values (%s, %s, %s, %s)
        """,
        (left, publication_id, reason, holds),
    )
    return left


def log_disclosure(conn: psycopg.Connection, what: str, to_whom: str, run_id: str | None) -> None:
    """Enter who was given what into the log that DPA 2018 section 62 asks for."""
    conn.execute(
        "insert into audit.processing_log (action, what, to_whom, run_id) "
        "values ('disclosure', %s, %s, %s)",
        (what, to_whom, run_id),
    )


@contextmanager
def sole_publisher(settings: Settings, *, patience: str) -> Iterator[psycopg.Connection]:
    """Connect, and keep out whoever else would publish, roll back or detach until the end.

    Every statement commits by itself, unless it stands in a transaction. Who does not get the lock
    within `patience` gets `LockNotAvailable`.
    """
    with connect(settings, role=ROLE, autocommit=True) as conn:
        # Should this client vanish without a word, the lock goes with its session.
        for name in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            conn.execute("select set_config(%s, '60s', false)", (name,))
        limit_waiting(conn, patience)
        conn.execute("select pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        # Closing the connection gives it back.
        yield conn


def limit_waiting(conn: psycopg.Connection, patience: str) -> None:
    """Let statements wait no longer than this for a lock."""
    conn.execute("select set_config('lock_timeout', %s, false)", (patience,))

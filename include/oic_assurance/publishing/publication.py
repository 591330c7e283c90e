"""The record of publications, and which of them is current."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.pseudonyms import check_no_rekey
from oic_assurance.publishing.published_positions import record_position
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import PUBLISHING, take
from oic_assurance.warehouse.rows import all_records, find_record, find_value, one_value

ROLE = "oic_publish"

_SELECT: LiteralString = """
select publication_id, force_code, published_at, as_at, code_version, input_fingerprint,
    content_fingerprint, gate_verdict, is_current, withdrawn_at, withdrawn_because
from marts.publication
"""


@dataclass(frozen=True)
class Publication:
    """A build that was published. The publication has the build's ID."""

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
    """The effect of a roll-back: an earlier publication stays current until a release."""

    #: The earlier publication, which stays current.
    publication_id: int
    since: datetime
    reason: str
    #: The newest publication that waits for the release, or None.
    newest_waiting: int | None
    #: How many publications wait for the release.
    waiting: int


def list_publications(settings: Settings) -> list[Publication]:
    """Return every publication, newest first."""
    with connect(settings, role=ROLE) as conn:
        return all_records(conn, Publication, _SELECT + "order by publication_id desc")


def current_publication(settings: Settings) -> Publication | None:
    """Return the current publication, or None before the first publication."""
    with connect(settings, role=ROLE) as conn:
        return find_current(conn)


def find_publication(conn: psycopg.Connection, publication_id: int) -> Publication | None:
    """Return a publication by its id, or None."""
    which = "where publication_id = %s"
    return find_record(conn, Publication, _SELECT + which, (publication_id,))


def get_publication(conn: psycopg.Connection, publication_id: int) -> Publication:
    """Return a publication by its id.

    Raises:
        AssuranceError: There is no such publication.
    """
    publication = find_publication(conn, publication_id)
    if publication is None:
        raise AssuranceError(f"There is no publication {publication_id}.")
    return publication


def find_current(conn: psycopg.Connection) -> Publication | None:
    """Return the current publication, or None before the first publication."""
    return find_record(conn, Publication, _SELECT + "where is_current")


def current_hold(settings: Settings) -> Hold | None:
    """Return the hold that keeps later publications waiting, or None."""
    with connect(settings, role=ROLE) as conn:
        return find_hold(conn)


def find_hold(conn: psycopg.Connection) -> Hold | None:
    """Return the present hold, or None.

    There is a hold if the pointer was last moved by a roll-back that set a hold.
    """
    return find_record(
        conn,
        Hold,
        """
        select move.to_publication as publication_id, move.moved_at as since, move.reason,
            later.newest as newest_waiting, later.many as waiting
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
        """,
    )


def was_shown(conn: psycopg.Connection, publication_id: int) -> bool:
    """Return whether a publication has ever been current."""
    query = "select exists (select from audit.publication_move where to_publication = %s)"
    return bool(one_value(conn, query, (publication_id,)))


def move_pointer(
    conn: psycopg.Connection, publication_id: int, reason: str, *, holds: bool = False
) -> int | None:
    """Make a publication current, and record this in `audit.publication_move`.

    The same transaction records the publication's position, if it is not recorded yet. Returns the
    id of the publication that was current before, or None. A reader's statement or transaction that
    began before the commit still sees the earlier publication. With `holds`, no later publication
    becomes current until somebody ends the hold.
    """
    record_position(conn, publication_id)
    left: int | None = find_value(
        conn,
        "update marts.publication set is_current = false where is_current returning publication_id",
    )
    conn.execute(
        "update marts.publication "
        "set is_current = true, withdrawn_at = null, withdrawn_because = null "
        "where publication_id = %s",
        (publication_id,),
    )
    conn.execute(
        """
        insert into audit.publication_move (from_publication, to_publication, reason, holds)
        values (%s, %s, %s, %s)
        """,
        (left, publication_id, reason, holds),
    )
    return left


@contextmanager
def sole_publisher(settings: Settings, *, patience: str) -> Iterator[psycopg.Connection]:
    """Connect, and prevent other processes from publishing, rolling back or detaching in the block.

    Each statement on the connection commits by itself, unless it is inside a transaction.

    Raises:
        psycopg.errors.LockNotAvailable: Another process has the lock for longer than `patience`.
        AssuranceError: A re-keying of the pseudonyms is unfinished.
    """
    with connect(settings, role=ROLE, autocommit=True) as conn:
        # If this process disappears, the server ends its session after a minute, which releases the
        # lock.
        for name in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            conn.execute("select set_config(%s, '60s', false)", (name,))
        limit_waiting(conn, patience)
        # The lock is released when the connection closes.
        take(conn, PUBLISHING)
        check_no_rekey(conn)
        yield conn


def limit_waiting(conn: psycopg.Connection, patience: str) -> None:
    """Limit how long each statement of a session waits for a lock."""
    conn.execute("select set_config('lock_timeout', %s, false)", (patience,))

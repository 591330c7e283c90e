"""The record of publications, and which of them is current."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString

import psycopg

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.formats import moment
from oic_assurance.landing.pseudonyms import check_no_rekey
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import PUBLISHING, take
from oic_assurance.warehouse.rows import all_records, find_record, find_value, one_value

ROLE = "oic_publish"

_SELECT: LiteralString = """
select publication_id, force_code, published_at, as_at, code_version, input_fingerprint,
    content_fingerprint, gate_verdict, is_current, withdrawn_at, withdrawn_because, kept_because,
    checks, checks_failed,
    array(
        select spell.current_from from audit.publication_spell as spell
        where spell.publication_id = publication.publication_id order by 1
    ) as current_from,
    array(
        select spell.current_to from audit.publication_spell as spell
        where spell.publication_id = publication.publication_id order by spell.current_from
    ) as current_to
from marts.publication as publication
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
    #: Why it did not become current when it was made, although there was no hold.
    kept_because: str | None = None
    #: How many checks it went through, and how many failed. None if they are not on record.
    checks: int | None = None
    checks_failed: int | None = None
    #: The moments from which, and until which, readers saw it: one of each for each time that it
    #: was current. The last end is None if readers see it now.
    current_from: Sequence[datetime] = field(default=(), hash=False)
    current_to: Sequence[datetime | None] = field(default=(), hash=False)

    @property
    def spells(self) -> list[tuple[datetime, datetime | None]]:
        """Return each time that it was current: from when, until when."""
        return list(zip(self.current_from, self.current_to, strict=True))


@dataclass(frozen=True)
class Hold:
    """The effect of a roll-back: an earlier publication stays current until a release."""

    #: The earlier publication, which stays current.
    publication_id: int
    since: datetime
    reason: str
    #: The publication that a release makes current, or None: of those that wait, the one with the
    #: latest as-at moment.
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


def asked_publication(conn: psycopg.Connection, publication_id: int | None) -> Publication:
    """Return the publication that a person asks for by its ID, or the current one without an ID.

    Raises:
        UsageError: There is no such publication.
        AssuranceError: Nothing has been published yet.
    """
    if publication_id is None:
        found = find_current(conn)
        if found is None:
            raise AssuranceError("Nothing has been published yet: run `assurance run`.")
        return found
    found = find_publication(conn, publication_id)
    if found is None:
        raise UsageError(
            f"There is no publication {publication_id}: see `assurance publication list`."
        )
    return found


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
    return find_record(conn, Hold, "select * from audit.hold")


def was_shown(conn: psycopg.Connection, publication_id: int) -> bool:
    """Return whether a publication has ever been current."""
    query = "select exists (select from audit.publication_move where to_publication = %s)"
    return bool(one_value(conn, query, (publication_id,)))


def not_kept(conn: psycopg.Connection, publication_id: int) -> str:
    """Return a sentence, without its full stop: a publication has no tables any more, and why."""
    finished = find_value(
        conn,
        "select max(finished_at) from audit.erasure_finish where %s = any(publications)",
        (publication_id,),
    )
    gone = f"The tables of publication {publication_id} are no longer kept"
    if finished is None:
        return gone
    return f"{gone}, because they held records that were erased (done {moment(finished)})"


def why_never_shown(conn: psycopg.Connection, publication: Publication) -> str:
    """Return why a publication has never been current, and what to do instead."""
    number = publication.publication_id
    if publication.kept_because is not None:
        return (
            f"Publication {number} was never shown, because {publication.kept_because}: "
            "`assurance run` with its --as-at and --make-current makes such a publication current."
        )
    waits = "select exists (select from audit.publication_waiting where publication_id = %s)"
    if one_value(conn, waits, (number,)):
        return (
            f"Publication {number} waits behind a roll-back and was never shown: "
            "`assurance publication release` shows the newest one."
        )
    return (
        f"Publication {number} was never shown: it waited behind a roll-back that has ended "
        "without it. `assurance run` makes a new publication."
    )


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

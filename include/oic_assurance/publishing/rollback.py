"""Roll back to an earlier publication, and release the hold that a roll-back sets."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.attach import attach_again
from oic_assurance.publishing.pointer import make_current
from oic_assurance.publishing.publication import (
    Publication,
    find_current,
    find_hold,
    find_publication,
    get_publication,
    not_kept,
    sole_publisher,
    was_shown,
    why_never_shown,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import reason

PATIENCE = "10s"

# What was withdrawn before keeps its reason.
_WITHDRAW = """
update marts.publication as late
set withdrawn_at = clock_timestamp(), withdrawn_because = %s
where late.publication_id > %s and late.withdrawn_at is null and exists (
    select from audit.publication_move as shown where shown.to_publication = late.publication_id
)
"""


def rollback(
    settings: Settings, publication_id: int, why: str, *, until_next_run: bool = False
) -> Publication:
    """Make a publication current again that was current before, and record why.

    Every later publication that readers saw is withdrawn, with the reason.

    No data is moved, so a roll-back takes effect at once and does not disturb readers. If retention
    has detached the generation, its tables are attached first. If retention has dropped the
    generation, a roll-back is impossible: the publication can only be recomputed.

    A roll-back sets a hold: later runs make and check publications as usual, but these publications
    wait for `release`, because they probably have the same error. With `until_next_run` there is no
    hold, and the next publication becomes current by itself. There is also no hold if the chosen
    publication is later than the current one. If the chosen publication is already current, nothing
    changes.

    Raises:
        UsageError: The reason is missing, or the publication does not exist or was never current.
        AssuranceError: The publication's tables are no longer kept, or another process is
            publishing.
    """
    if not why.strip():
        raise UsageError("A roll-back needs a reason: readers will ask for it.")
    with _sole_publisher(settings, f"Publication {publication_id} is not made current") as conn:
        return _rollback(conn, publication_id, why.strip(), holds=not until_next_run)


def release(settings: Settings, why: str) -> Publication:
    """End the hold set by a roll-back, and make the newest publication since then current.

    If no publication was made since, the publication of the next run becomes current as usual.

    Raises:
        UsageError: The reason is missing, or there is nothing to release.
        AssuranceError: The tables of the newest publication are no longer kept, or another process
            is publishing.
    """
    if not why.strip():
        raise UsageError("A release needs a reason: somebody gave one for the roll-back.")
    with _sole_publisher(settings, "The hold is not ended") as conn:
        return _release(conn, why.strip())


def _rollback(
    conn: psycopg.Connection, publication_id: int, why: str, *, holds: bool
) -> Publication:
    publication = find_publication(conn, publication_id)
    if publication is None:
        raise UsageError(f"There is no publication {publication_id}.")
    if publication.is_current:
        return publication
    if not was_shown(conn, publication_id):
        raise UsageError(why_never_shown(conn, publication))
    _ensure_attached(conn, publication_id)
    with conn.transaction():
        left = find_current(conn)
        is_earlier = left is not None and publication_id < left.publication_id
        make_current(conn, publication_id, why, holds=holds and is_earlier)
        if is_earlier:
            conn.execute(_WITHDRAW, (why, publication_id))
    return get_publication(conn, publication_id)


def _release(conn: psycopg.Connection, why: str) -> Publication:
    hold = find_hold(conn)
    if hold is None:
        raise UsageError("There is no hold to end: readers see each new publication.")
    shown = hold.newest_waiting or hold.publication_id
    _ensure_attached(conn, shown)
    with conn.transaction():
        make_current(conn, shown, why)
    return get_publication(conn, shown)


def _ensure_attached(conn: psycopg.Connection, publication_id: int) -> None:
    """Attach the tables of a publication if retention has detached them.

    The tables are attached in a separate transaction, before the one that moves the pointer. The
    docstring of `publish` explains why.
    """
    with conn.transaction():
        is_there = attach_again(conn, publication_id)
    if not is_there:
        gone = not_kept(conn, publication_id)
        if not was_shown(conn, publication_id):
            # An erasure has dropped it while it waited. The hold stays until another one waits.
            raise AssuranceError(f"{gone}: `assurance run` makes another one, then release it.")
        raise AssuranceError(
            f"{gone}: compute it again with `assurance publication reproduce {publication_id}`."
        )


@contextmanager
def _sole_publisher(settings: Settings, not_done: str) -> Iterator[psycopg.Connection]:
    """Connect as the only publisher.

    Raises:
        AssuranceError: Another process is publishing.
    """
    try:
        with sole_publisher(settings, patience=PATIENCE) as conn:
            yield conn
    except psycopg.errors.LockNotAvailable as error:
        raise AssuranceError(
            f"{not_done}: a publication or retention is under way ({reason(error)}). Run it again."
        ) from error

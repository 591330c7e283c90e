"""Take a publication back: show readers an earlier one, say why, and let no run undo it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.attach import attach_again
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.exception_history import enter_exceptions
from oic_assurance.publishing.publication import (
    Publication,
    find_current,
    find_hold,
    find_publication,
    log_disclosure,
    move_pointer,
    sole_publisher,
    was_shown,
)
from oic_assurance.publishing.released_figures import enter_released, released_periods
from oic_assurance.publishing.schemas import READERS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import reason

PATIENCE = "10s"


def rollback(
    settings: Settings, publication_id: int, why: str, *, until_next_run: bool = False
) -> Publication:
    """Make an earlier publication the current one and record why.

    Only the pointer moves, so it takes no time and readers notice nothing. A generation that
    retention has detached is attached again first; one that it has erased can only be computed
    again. Later runs go on making publications, checked like any other, which wait for `release`:
    what was wrong today is likely to be wrong tomorrow. `until_next_run` lets the next one be
    shown by itself.
    """
    if not why.strip():
        raise UsageError("A roll-back needs a reason: readers will ask for it.")
    with _mover(settings, f"Publication {publication_id} is not made current") as conn:
        return _rollback(conn, publication_id, why.strip(), holds=not until_next_run)


def release(settings: Settings, why: str) -> Publication:
    """End the hold that a roll-back has set: show the newest publication that was made since.

    Where none was made since, the next run shows its own again.
    """
    if not why.strip():
        raise UsageError("A release needs a reason: somebody took a publication back for one.")
    with _mover(settings, "The hold is not ended") as conn:
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
        raise UsageError(
            f"Publication {publication_id} waits behind a roll-back and was never shown: "
            "`assurance publication release` shows the newest one."
        )
    _make_sure_of(conn, publication_id)
    with conn.transaction():
        left = find_current(conn)
        is_earlier = left is not None and publication_id < left.publication_id
        move_pointer(conn, publication_id, why, holds=holds and is_earlier)
        if left is not None and is_earlier:
            _withdraw(conn, left.publication_id, why)
        what = (
            f"publication {publication_id} again, in place of {left and left.publication_id}: {why}"
        )
        log_disclosure(conn, what, READERS, None)
    return _found(conn, publication_id)


def _release(conn: psycopg.Connection, why: str) -> Publication:
    hold = find_hold(conn)
    if hold is None:
        raise UsageError("There is nothing to release: readers see what runs publish.")
    newest = hold.newest_waiting
    if newest is None:
        with conn.transaction():
            move_pointer(conn, hold.publication_id, why)
        return _found(conn, hold.publication_id)
    _make_sure_of(conn, newest)
    try:
        with conn.transaction():
            move_pointer(conn, newest, why)
            enter_released(conn, released_periods(newest), newest)
            enter_exceptions(conn, newest)
            what = f"publication {newest}, released after a roll-back: {why}"
            log_disclosure(conn, what, READERS, None)
    except NotPublishableError as refusal:
        raise AssuranceError(f"Publication {newest} is not released: {refusal}.") from refusal
    return _found(conn, newest)


def _withdraw(conn: psycopg.Connection, publication_id: int, why: str) -> None:
    conn.execute(
        "update marts.publication "
        "set withdrawn_at = clock_timestamp(), withdrawn_because = %s where publication_id = %s",
        (why, publication_id),
    )


def _make_sure_of(conn: psycopg.Connection, publication_id: int) -> None:
    """See that a publication's tables are attached, in a transaction as `publish` has it."""
    with conn.transaction():
        is_there = attach_again(conn, publication_id)
    if not is_there:
        raise AssuranceError(
            f"The tables of publication {publication_id} are no longer kept: compute it again with "
            f"`assurance publication reproduce {publication_id}`."
        )


def _found(conn: psycopg.Connection, publication_id: int) -> Publication:
    current = find_publication(conn, publication_id)
    if current is None:
        raise AssertionError("what was there is there")
    return current


@contextmanager
def _mover(settings: Settings, what_is_not: str) -> Iterator[psycopg.Connection]:
    """Connect as the one who moves the pointer; say so where somebody else does."""
    try:
        with sole_publisher(settings, patience=PATIENCE) as conn:
            yield conn
    except psycopg.errors.LockNotAvailable as error:
        raise AssuranceError(
            f"{what_is_not}: a publication or retention is under way ({reason(error)}). "
            "Run it again."
        ) from error

"""Take a publication back: show readers an earlier one, and say why."""

import psycopg

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.attach import attach_again
from oic_assurance.publishing.faces import FACES
from oic_assurance.publishing.publication import (
    Publication,
    find_publication,
    log_disclosure,
    move_pointer,
    sole_publisher,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import reason

PATIENCE = "10s"


def rollback(settings: Settings, publication_id: int, why: str) -> Publication:
    """Make an earlier publication the current one and record why; the next run publishes anew.

    Only the pointer moves, so it takes no time and readers notice nothing. A generation that
    retention has detached is attached again first; one that it has erased can only be computed
    again.
    """
    if not why.strip():
        raise UsageError("A roll-back needs a reason: readers will ask for it.")
    try:
        with sole_publisher(settings, patience=PATIENCE) as conn:
            return _rollback(conn, publication_id, why.strip())
    except psycopg.errors.LockNotAvailable as error:
        raise AssuranceError(
            f"Publication {publication_id} is not made current: a publication or retention is "
            f"under way ({reason(error)}). Run it again."
        ) from error


def _rollback(conn: psycopg.Connection, publication_id: int, why: str) -> Publication:
    publication = find_publication(conn, publication_id)
    if publication is None:
        raise UsageError(f"There is no publication {publication_id}.")
    if publication.is_current:
        return publication
    # In a transaction of its own, for the reason that `publish` has.
    with conn.transaction():
        is_there = attach_again(conn, publication_id)
    if not is_there:
        raise AssuranceError(
            f"The tables of publication {publication_id} are no longer kept: compute it again with "
            f"`assurance publication reproduce {publication_id}`."
        )
    with conn.transaction():
        left = move_pointer(conn, publication_id, why)
        readers = ", ".join(face.reader for face in FACES)
        what = f"publication {publication_id} again, in place of {left}: {why}"
        log_disclosure(conn, what, readers, None)
    current = find_publication(conn, publication_id)
    if current is None:
        raise AssertionError("what was there is there")
    return current

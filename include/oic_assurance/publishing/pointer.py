"""Make a publication current: move the pointer, and do what follows from that in the warehouse.

A publication becomes current by a run, an approval, a roll-back or a release. What follows is
always the same and belongs to one transaction, so readers never see one without the other:

- the position that the publication shows is on record, with the moments between which readers saw
  it (`marts.position_as_published`),
- exceptions that it newly shows as open or closed are on record,
- closures that it finds slipped or restated are reopened in the record of sign-offs,
- the disclosure is in the log of processing.

`pipeline.tell_what_is_current` does what follows outside the warehouse.
"""

import logging

import psycopg
from psycopg import sql

from oic_assurance.publishing.exception_history import record_exceptions
from oic_assurance.publishing.publication import get_publication
from oic_assurance.publishing.published_positions import record_position
from oic_assurance.publishing.schemas import GENERATION, MARTS, READERS
from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.processing_log import build_mark, enter, publication_mark
from oic_assurance.warehouse.rows import find_value, relation_exists

LOG = logging.getLogger(__name__)
#: The mart with the closures that a publication reopens.
REOPENINGS = "sign_off_reopening"

_REOPEN = """
select found.recommendation_code
from {found} as found
where signoff.reopen_found(
    found.force_code, found.recommendation_code, found.round, found.cause, found.words, %s
) is not null
order by found.recommendation_code
"""


def make_current(
    conn: psycopg.Connection,
    publication_id: int,
    reason: str,
    *,
    holds: bool = False,
    run_id: str | None = None,
) -> None:
    """Make a publication current, and do what follows from it. The caller holds the transaction.

    A reader's statement or transaction that began before the commit still sees the earlier
    publication. If the publication is current already, only the move is recorded, which ends a
    hold.

    Args:
        conn: The session of the publisher.
        publication_id: The publication. Its tables are attached.
        reason: Why, for `audit.publication_move` and the log of processing.
        holds: Whether no later publication becomes current until somebody ends the hold.
        run_id: The run that made the publication, if this is its first time.
    """
    record_position(conn, publication_id)
    left: int | None = find_value(
        conn,
        "update marts.publication set is_current = false where is_current returning publication_id",
    )
    conn.execute(
        "update marts.publication set is_current = true, withdrawn_at = null, "
        "withdrawn_because = null where publication_id = %s",
        (publication_id,),
    )
    conn.execute(
        """
        insert into audit.publication_move (from_publication, to_publication, reason, holds)
        values (%s, %s, %s, %s)
        """,
        (left, publication_id, reason, holds),
    )
    if left == publication_id:
        return
    as_at = get_publication(conn, publication_id).as_at
    record_exceptions(conn, publication_id, as_at)
    for code in _reopen_closures(conn, publication_id):
        LOG.warning("The closure of %s is reopened", code)
    instead = "" if left is None else f", in place of publication {left}"
    enter(
        conn,
        "disclosure",
        f"publication {publication_id} as at {as_at.isoformat()}{instead}",
        to_whom=READERS,
        because=reason,
        run_id=run_id,
        concerns=(publication_mark(publication_id), build_mark(publication_id)),
    )


def _reopen_closures(conn: psycopg.Connection, publication_id: int) -> list[str]:
    """Reopen the closures that a publication lists, and return the codes of those it reopened.

    A closure that has no signature in force any more, or that was closed anew, is left as it is. A
    publication of an early version of the code has no such list.
    """
    name = MARTS.partition(REOPENINGS, publication_id)
    if not relation_exists(conn, f"{GENERATION}.{name}"):
        return []
    statement = sql.SQL(_REOPEN).format(found=sql.Identifier(GENERATION, name))
    return [code for (code,) in conn.execute(statement, (account_at_host(),)).fetchall()]

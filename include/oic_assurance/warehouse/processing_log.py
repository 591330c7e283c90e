"""Add entries to the log of processing that DPA 2018 section 62 requires.

Every part of the project that collects, alters, shows, gives away, combines or erases records adds
its entry with `enter`. No other code writes to `audit.processing_log`.
"""

import getpass
from typing import Literal

import psycopg

Action = Literal["collection", "alteration", "consultation", "disclosure", "combination", "erasure"]


def enter(
    connection: psycopg.Connection,
    action: Action,
    what: str,
    *,
    to_whom: str | None = None,
    run_id: str | None = None,
) -> None:
    """Add an entry in the transaction of `connection`.

    `what` says in words which records were processed and why. It never contains a value of a
    record. `to_whom` names who received the records of a disclosure. The server adds the moment and
    its own name for the login.
    """
    connection.execute(
        """
        insert into audit.processing_log (action, who, what, to_whom, run_id)
        values (%s, session_user || ' for ' || %s::text, %s, %s, %s)
        """,
        (action, getpass.getuser(), what, to_whom, run_id),
    )

"""Run a part of the upkeep, and record what it did.

Upkeep gives way to the daily run: while a run is under way, a part is skipped, and it is tried
again the next night. A part that fails does not stop the others.
"""

from datetime import timedelta

import psycopg

from oic_assurance import clock
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.upkeep.part import Did, Part
from oic_assurance.operations.upkeep.record import WRITER, Outcome, Upkeep, begin, end
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import UPKEEP, try_take
from oic_assurance.warehouse.rows import find_value

#: A run takes at most this long, without the time that it waits for an approval. An open run that
#: is older was killed.
LONGEST_RUN = timedelta(hours=3)


def run_part(settings: Settings, part: Part, *, dry_run: bool = False) -> Upkeep:
    """Run a part, and return what it did. A failure is in the result and is not raised.

    Raises:
        AssuranceError: Another process does upkeep.
        ServerError: The warehouse cannot be reached.
    """
    started = clock.utc_now()
    with connect(settings, role=WRITER, autocommit=True) as connection:
        if not try_take(connection, UPKEEP):
            raise AssuranceError("Another upkeep is under way: wait until it has ended.")
        busy = under_way(connection, settings)
        if dry_run:
            outcome, did = _tried(settings, part, dry_run=True)
            if outcome == "done":
                outcome = "dry run"
            if busy:
                did = Did(did.counts, did.bytes_before, did.bytes_after, did.note or busy)
        else:
            upkeep_id = begin(connection, part.name)
            outcome, did = ("skipped", Did(note=busy)) if busy else _tried(settings, part)
            end(connection, upkeep_id, outcome, did)
    return Upkeep(
        part.name, started, clock.utc_now(), outcome, did.counts, did.bytes_before,
        did.bytes_after, did.note,
    )  # fmt: skip


def under_way(connection: psycopg.Connection, settings: Settings) -> str | None:
    """Return a phrase if a daily run is under way, so that upkeep must wait. Otherwise None."""
    since = clock.utc_now() - LONGEST_RUN - timedelta(hours=settings.approval_hours)
    run_id = find_value(
        connection,
        """
        select run_id from audit.run
        where outcome = 'running' and started_at > %s
        order by started_at desc
        limit 1
        """,
        (since,),
    )
    return None if run_id is None else f"the run {run_id} is under way"


def _tried(settings: Settings, part: Part, *, dry_run: bool = False) -> tuple[Outcome, Did]:
    try:
        return "done", part.run(settings, dry_run)
    except AssuranceError as error:
        return "failed", Did(note=error.message)
    except psycopg.Error as error:
        return "failed", Did(note=f"the database failed: {reason(error)}")
    except OSError as error:
        return "failed", Did(note=f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        return "failed", Did(note=f"unexpected {type(error).__name__}")

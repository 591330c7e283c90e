"""The candidate is one build's at a time, and one stage changes it at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

ROLE = "oic_transform"
LOCK = "hashtextextended('candidate', 0)"
#: How long to wait for another run's stage before trying again later is the better way.
PATIENCE = "60s"

# Publication takes the tables with it; one that is repeated for the same build builds them again.
_OWNER = """
select build.build_id, coalesce(generation.attached_at > build.candidate_since, false)
from audit.build as build
left join audit.generation as generation using (build_id)
where build.candidate_since is not null
order by build.candidate_since desc
limit 1
"""


@contextmanager
def taken_over(settings: Settings, build_id: int) -> Iterator[None]:
    """Make the candidate this build's, and keep everybody else out of it until the end.

    Whatever build had it before cannot go on: its tables are about to be dropped.
    """
    with _locked(settings, "pg_advisory_lock") as conn:
        conn.execute(
            "update audit.build set candidate_since = clock_timestamp() where build_id = %s",
            (build_id,),
        )
        yield


@contextmanager
def changing(settings: Settings, build_id: int) -> Iterator[None]:
    """Keep everybody else out of this build's candidate until the end."""
    with _locked(settings, "pg_advisory_lock") as conn:
        _expect_owner(conn, build_id)
        yield


@contextmanager
def looking(settings: Settings, build_id: int) -> Iterator[None]:
    """Let nobody change this build's candidate until the end; others may look at it too."""
    with _locked(settings, "pg_advisory_lock_shared") as conn:
        _expect_owner(conn, build_id)
        yield


@contextmanager
def _locked(settings: Settings, lock: str) -> Iterator[psycopg.Connection]:
    with connect(settings, role=ROLE, autocommit=True) as conn:
        conn.execute("select set_config('lock_timeout', %s, false)", (PATIENCE,))
        try:
            conn.execute(f"select {lock}({LOCK})".encode())
        except psycopg.errors.LockNotAvailable as error:
            raise ServerError(
                "another run builds or audits the candidate at this moment: wait for its end."
            ) from error
        yield conn
        # A lock that was lost on the way has protected nothing: then this raises.
        conn.execute("select")


def _expect_owner(conn: psycopg.Connection, build_id: int) -> None:
    row = conn.execute(_OWNER).fetchone()
    owner, is_published = row or (None, False)
    if owner != build_id or is_published:
        taken = f"build {owner} has been built in it since" if owner else "no build has it"
        if owner == build_id:
            taken = "its tables were published"
        raise AssuranceError(
            f"The candidate is not build {build_id}'s: {taken}. Clear `close_landing` and what "
            "follows it, which opens a new build."
        )

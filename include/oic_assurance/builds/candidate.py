"""Lock the candidate: it belongs to one build, and only one stage may change it at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.builds.record import ROLE
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import CANDIDATE, take
from oic_assurance.warehouse.rows import find_row, find_value

#: How long a stage waits while a stage of another run uses the candidate. Then the waiting stage
#: fails, and can be retried later.
PATIENCE = "60s"

# Finds the build that owns the candidate, and whether its tables were published.
_OWNER = """
select build.build_id, generation.build_id is not null
from audit.build as build
left join audit.generation as generation using (build_id)
where build.candidate_since is not null
order by build.candidate_since desc, build.build_id desc
limit 1
"""


@contextmanager
def claim(settings: Settings, build_id: int) -> Iterator[None]:
    """Make a build the candidate's owner, and lock out every other stage during the block.

    The caller then drops the tables of the previous owner. From then on, the other functions of
    this module raise an error for the previous owner.

    Raises:
        ServerError: Another stage uses the candidate for longer than `PATIENCE`.
    """
    with _locked(settings) as conn:
        conn.execute(
            "update audit.build set candidate_since = clock_timestamp() where build_id = %s",
            (build_id,),
        )
        yield


@contextmanager
def lock_for_change(settings: Settings, build_id: int) -> Iterator[None]:
    """Lock every other stage out of a build's candidate during the block.

    Raises:
        ServerError: Another stage uses the candidate for longer than `PATIENCE`.
        AssuranceError: The candidate does not belong to the build, or its tables were published.
    """
    with _locked(settings) as conn:
        _expect_owner(conn, build_id)
        yield


@contextmanager
def lock_for_reading(settings: Settings, build_id: int) -> Iterator[None]:
    """Prevent changes to a build's candidate during the block. Other stages may read it.

    Raises:
        ServerError: Another stage changes the candidate for longer than `PATIENCE`.
        AssuranceError: The candidate does not belong to the build, or its tables were published.
    """
    with _locked(settings, shared=True) as conn:
        _expect_owner(conn, build_id)
        yield


@contextmanager
def only_unpublished(settings: Settings, build_id: int) -> Iterator[None]:
    """Refuse a build whose tables were published. Nothing is locked.

    Raises:
        AssuranceError: The build's tables were published.
    """
    with connect(settings, role=ROLE) as conn:
        query = b"select from audit.generation where build_id = %s"
        if find_row(conn, query, (build_id,)) is not None:
            raise _not_owned(build_id, "its tables were published")
    yield


@contextmanager
def only_newest(settings: Settings, build_id: int) -> Iterator[None]:
    """Refuse a build after which another was opened. Nothing is locked.

    The models read the record of the newest build, so they cannot make an earlier build's marts.

    Raises:
        AssuranceError: A newer build has been opened.
    """
    with connect(settings, role=ROLE) as conn:
        newest = find_value(conn, "select max(build_id) from audit.build where purpose = 'daily'")
        if newest != build_id:
            raise _not_owned(build_id, f"build {newest} has been opened since")
    yield


@contextmanager
def _locked(settings: Settings, *, shared: bool = False) -> Iterator[psycopg.Connection]:
    with connect(settings, role=ROLE, autocommit=True) as conn:
        conn.execute("select set_config('lock_timeout', %s, false)", (PATIENCE,))
        try:
            take(conn, CANDIDATE, shared=shared)
        except psycopg.errors.LockNotAvailable as error:
            raise ServerError(
                "another run builds or audits the candidate at this moment: wait until it ends."
            ) from error
        yield conn
        # If the session ended during the block, the lock ended too, and the block was not
        # protected. Then this statement raises an error.
        conn.execute("select")


def _expect_owner(conn: psycopg.Connection, build_id: int) -> None:
    owner, is_published = find_row(conn, _OWNER.encode()) or (None, False)
    if owner != build_id or is_published:
        taken = f"build {owner} has been built in it since" if owner else "no build owns it"
        if owner == build_id:
            taken = "its tables were published"
        raise _not_owned(build_id, taken)


def _not_owned(build_id: int, taken: str) -> AssuranceError:
    return AssuranceError(
        f"The candidate does not belong to build {build_id}: {taken}. "
        "Clear `close_landing` and all tasks after it, to open a new build."
    )

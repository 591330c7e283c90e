"""Publish a build: check the evidence, attach its tables, then move the pointer."""

import random
import time
from typing import Protocol

import psycopg
from psycopg import sql

from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.publishing.approval import check_approval
from oic_assurance.publishing.attach import attach_again, move_and_attach
from oic_assurance.publishing.audiences import open_to_audiences
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.evidence import (
    BuildRecord,
    audited_content,
    check_candidates,
    check_fingerprints,
    read_build,
    read_candidates,
)
from oic_assurance.publishing.exception_history import enter_exceptions
from oic_assurance.publishing.parents import Tables, prepare_parents
from oic_assurance.publishing.publication import (
    Publication,
    current_publication,
    find_hold,
    find_publication,
    limit_waiting,
    list_publications,
    log_disclosure,
    move_pointer,
    sole_publisher,
)
from oic_assurance.publishing.released_figures import enter_released, released_periods
from oic_assurance.publishing.schemas import FACES, READERS, Face
from oic_assurance.publishing.verdicts import check_gates
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import reason

#: How long to wait for another publisher, for the candidates, and for readers of a parent that
#: changes. The last is shorter than the server's `deadlock_timeout`: of a reader and us, we are who
#: gives way.
PUBLISHER_PATIENCE = "60s"
CANDIDATE_PATIENCE = "5s"
READER_PATIENCE = "300ms"
#: In all, over as many attempts as it takes.
PATIENCE_SECONDS = 60.0


class Build(Protocol):
    """What publication needs to know of a build; the rest it reads from the record."""

    @property
    def build_id(self) -> int:
        """The build's id, which becomes the publication's."""


def publish(settings: Settings, build: Build) -> Publication:
    """Publish a build, or raise `GateBlocked` and leave what readers see as it is.

    The evidence decides, not who calls or what colour a task has: every gate has a verdict for this
    very build and has checked all that was due before it began, none is critical, and the
    candidate's tables are to the bit what was tested and audited. Where the deployment wants its
    warnings approved first, a person has approved those of this very build.

    Two short transactions, and a lock over both that lets one publisher work at a time. The first
    checks the evidence and attaches the tables; nobody sees them. The second asks the gates again
    and moves the pointer. In one, a reader could see the pointer's move a moment before his session
    is told of the new partitions, and find tables empty.

    Publishing again what is published returns the same publication and changes nothing, and one
    that was killed is taken up where it ended, so that a task that is tried again converges.
    Publication goes by the order of the calls: what is published becomes current, also when a build
    that was opened later is current already (a repeated run for an older date, say). Only a
    roll-back stands in its way: then it is made and waits, until it is released.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with sole_publisher(settings, patience=PUBLISHER_PATIENCE) as conn:
                return _publish(settings, conn, build.build_id)
        except NotPublishableError as refusal:
            raise _blocked(settings, build.build_id, str(refusal)) from refusal
        except psycopg.errors.IntegrityError as error:
            raise _blocked(settings, build.build_id, reason(error)) from error
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > deadline:
                raise AssuranceError(
                    f"Build {build.build_id} is not published: something holds on to a table "
                    f"({reason(error)}); {_what_stands(settings)}. Run it again."
                ) from error
            time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - spreads retries, no secret


def _publish(settings: Settings, conn: psycopg.Connection, build_id: int) -> Publication:
    published = find_publication(conn, build_id)
    if published is not None:
        return published
    build = read_build(conn, build_id)
    check_approval(conn, settings, build, check_gates(conn, build_id))
    limit_waiting(conn, READER_PATIENCE)
    open_to_audiences(conn)
    with conn.transaction():
        if _attached_content(conn, build_id) is None:
            _attach(conn, build_id)
        elif not attach_again(conn, build_id):
            raise NotPublishableError("its tables are no longer kept: a new run is needed")
    with conn.transaction():
        return _show(conn, settings, build)


def _attach(conn: psycopg.Connection, build_id: int) -> None:
    """Check the candidates and attach them, where readers do not see them yet."""
    candidates = _locked_candidates(conn, build_id)
    content = check_fingerprints(conn, candidates, build_id)
    limit_waiting(conn, READER_PATIENCE)
    prepare_parents(conn, candidates)
    move_and_attach(conn, candidates, build_id)
    conn.execute(
        "insert into audit.generation (build_id, content_fingerprint) values (%s, %s)",
        (build_id, content),
    )


def _attached_content(conn: psycopg.Connection, build_id: int) -> str | None:
    """Return the fingerprint of the tables that are attached for a build, or None."""
    row = conn.execute(
        "select content_fingerprint from audit.generation where build_id = %s", (build_id,)
    ).fetchone()
    return row[0] if row else None


def _locked_candidates(conn: psycopg.Connection, build_id: int) -> dict[Face, Tables]:
    """Return the candidates as they are and, until the commit, stay."""
    seen = read_candidates(conn, FACES)
    check_candidates(seen, build_id)
    limit_waiting(conn, CANDIDATE_PATIENCE)
    places = [table.place_identifier for tables in seen.values() for table in tables.values()]
    conn.execute(
        sql.SQL("lock table {} in access exclusive mode").format(sql.SQL(", ").join(places))
    )
    # Looked at again: whoever held the lock before us may have built them anew.
    candidates = read_candidates(conn, FACES)
    check_candidates(candidates, build_id)
    if any(set(candidates[face]) != set(seen[face]) for face in FACES):
        raise NotPublishableError("its tables are being built at this moment")
    return candidates


def _show(conn: psycopg.Connection, settings: Settings, build: BuildRecord) -> Publication:
    """Enter the publication and let readers see it, unless a roll-back is to stand."""
    verdict = check_gates(conn, build.build_id)
    check_approval(conn, settings, build, verdict)
    content = audited_content(conn, FACES, build.build_id)
    if content != _attached_content(conn, build.build_id):
        raise NotPublishableError(
            "it was built anew after a publication of it was interrupted: a new run is needed"
        )
    conn.execute(
        """
        insert into marts.publication (
            publication_id, force_code, as_at, code_version, input_fingerprint,
            content_fingerprint, gate_verdict
        )
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        (build.build_id, settings.force_code, build.as_at, build.code_version,
         build.input_fingerprint, content, verdict),
    )  # fmt: skip
    if find_hold(conn) is None:
        move_pointer(conn, build.build_id, f"published by run {build.run_id}")
        enter_released(conn, released_periods(build.build_id), build.build_id)
        enter_exceptions(conn, build.build_id)
        what = f"publication {build.build_id} as at {build.as_at.isoformat()}"
        log_disclosure(conn, what, READERS, build.run_id)
    conn.execute(
        """
        update audit.run
        set outcome = 'published', publication_id = %s, message = null,
            finished_at = clock_timestamp()
        where run_id = %s
        """,
        (build.build_id, build.run_id),
    )
    current = find_publication(conn, build.build_id)
    if current is None:
        raise AssertionError("what was inserted is there")
    return current


def _blocked(settings: Settings, build_id: int, why: str) -> GateBlocked:
    return GateBlocked(f"Build {build_id} is not published: {why}; {_what_stands(settings)}.")


def _what_stands(settings: Settings) -> str:
    current = current_publication(settings)
    if current is None:
        return "nothing is published yet"
    return f"publication {current.publication_id} stands"


__all__ = ["Publication", "current_publication", "list_publications", "publish"]

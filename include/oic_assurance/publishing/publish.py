"""Publish a build: check the evidence, attach the tables, then move the pointer."""

import random
import time

import psycopg
from psycopg import sql

from oic_assurance.builds.record import Build
from oic_assurance.clock import london_text
from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.publishing.approval import check_approval
from oic_assurance.publishing.attach import attach_again, move_and_attach
from oic_assurance.publishing.audiences import open_to_audiences
from oic_assurance.publishing.candidate_checks import (
    audited_content,
    check_candidates,
    check_fingerprints,
    publishable_build,
    read_candidates,
)
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.pointer import make_current
from oic_assurance.publishing.publication import (
    Publication,
    current_publication,
    find_current,
    find_hold,
    find_publication,
    get_publication,
    limit_waiting,
    sole_publisher,
)
from oic_assurance.publishing.published_positions import record_position
from oic_assurance.publishing.published_tables import Tables, prepare_parents, widen_parents
from oic_assurance.publishing.schemas import PUBLISHED_SCHEMAS, PublishedSchema
from oic_assurance.publishing.verdicts import check_gates
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import reason
from oic_assurance.warehouse.limits import end_holders, end_overdue
from oic_assurance.warehouse.rows import find_value, one_value

#: How long to wait for another publisher.
PUBLISHER_PATIENCE = "60s"
#: How long to wait for the candidate tables.
CANDIDATE_PATIENCE = "5s"
#: How long to wait for readers of a published table that must change. This is shorter than the
#: server's `deadlock_timeout`, so a deadlock cancels the publication and not the reader.
READER_PATIENCE = "300ms"
#: How long to keep trying, over all attempts.
PATIENCE_SECONDS = 60.0
#: How long readers may block the publication. After that, sessions whose transactions have held a
#: table for that long are ended.
HOLDER_SECONDS = 30.0


def publish(settings: Settings, build: Build) -> Publication:
    """Publish a build and make it current.

    Only the recorded evidence decides whether the build is published, not the caller or the state
    of an Airflow task. All of this must be true:

    - every stage of the gate has a verdict for this build and has run every required check,
    - no verdict is critical,
    - the candidate's tables are exactly those that were tested and audited,
    - a person has approved the build's warnings, if approval is required.

    Publication takes two short transactions. One lock covers both, so that only one publisher works
    at a time. The first transaction checks the evidence and attaches the tables, but no reader sees
    them yet. The second checks the verdicts and the approval again and makes the publication
    current. With a single transaction, a reader's session could see the new current publication
    before it knows about the new partitions, and would find empty tables.

    If the build is already published, the call returns its publication and changes nothing. If an
    attempt was killed, the next call completes the publication. A newly published build becomes
    current unless it is for an earlier moment than the current publication: then it is kept, and
    becomes current only if its run was told so. During a hold, the publication is made but waits
    for the release.

    Raises:
        GateBlocked: The evidence does not allow the publication. The current publication stays
            current.
        AssuranceError: A reader or another process holds a table for too long.
    """
    end_overdue(settings)
    began = time.monotonic()
    deadline = began + PATIENCE_SECONDS
    while True:
        try:
            with sole_publisher(settings, patience=PUBLISHER_PATIENCE) as conn:
                return _publish(settings, conn, build.build_id)
        except NotPublishableError as error:
            raise _blocked(settings, build.build_id, str(error)) from error
        except psycopg.errors.IntegrityError as error:
            raise _blocked(settings, build.build_id, reason(error)) from error
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > began + HOLDER_SECONDS:
                end_holders(settings, seconds=HOLDER_SECONDS)
            if time.monotonic() > deadline:
                raise AssuranceError(
                    f"Build {build.build_id} is not published: a table is in use "
                    f"({reason(error)}); {_still_current(settings)}. Run it again."
                ) from error
            time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - spreads retries, no secret


def _publish(settings: Settings, conn: psycopg.Connection, build_id: int) -> Publication:
    published = find_publication(conn, build_id)
    if published is not None:
        return published
    build = publishable_build(conn, build_id)
    check_approval(conn, settings, build, check_gates(conn, build_id))
    limit_waiting(conn, READER_PATIENCE)
    open_to_audiences(conn)
    is_attached = _attached_content(conn, build_id) is not None
    if not is_attached:
        candidates = read_candidates(conn, PUBLISHED_SCHEMAS)
        check_candidates(candidates, build_id)
        widen_parents(conn, candidates)
    with conn.transaction():
        if not is_attached:
            _attach(conn, build_id)
        elif not attach_again(conn, build_id):
            raise NotPublishableError("its tables are no longer kept: a new run is needed")
    with conn.transaction():
        return _show(conn, settings, build)


def _attach(conn: psycopg.Connection, build_id: int) -> None:
    """Check the candidate tables and attach them. Readers do not see them yet."""
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
    """Return the fingerprint that the tables of a build had when they were attached.

    Returns None if the tables were never attached.
    """
    fingerprint: str | None = find_value(
        conn, "select content_fingerprint from audit.generation where build_id = %s", (build_id,)
    )
    return fingerprint


def _locked_candidates(conn: psycopg.Connection, build_id: int) -> dict[PublishedSchema, Tables]:
    """Lock the candidates until the commit, check them and return them."""
    seen = read_candidates(conn, PUBLISHED_SCHEMAS)
    check_candidates(seen, build_id)
    limit_waiting(conn, CANDIDATE_PATIENCE)
    places = [table.place_identifier for tables in seen.values() for table in tables.values()]
    conn.execute(
        sql.SQL("lock table {} in access exclusive mode").format(sql.SQL(", ").join(places))
    )
    # Read the list again under the lock: another process may have replaced tables before the lock.
    candidates = read_candidates(conn, PUBLISHED_SCHEMAS)
    check_candidates(candidates, build_id)
    if any(set(candidates[schema]) != set(seen[schema]) for schema in PUBLISHED_SCHEMAS):
        raise NotPublishableError("its tables are being built at this moment")
    return candidates


def _show(conn: psycopg.Connection, settings: Settings, build: Build) -> Publication:
    """Record the publication, and make it current if nothing prevents that.

    During the hold after a roll-back it waits. If it is for an earlier moment than the current
    publication, it is only kept.
    """
    verdict = check_gates(conn, build.build_id)
    check_approval(conn, settings, build, verdict)
    content = audited_content(conn, PUBLISHED_SCHEMAS, build.build_id)
    if content != _attached_content(conn, build.build_id):
        raise NotPublishableError(
            "it was built again after a publication of it was interrupted: a new run is needed"
        )
    kept_because = _why_kept(conn, build)
    conn.execute(
        """
        insert into marts.publication (
            publication_id, force_code, as_at, code_version, input_fingerprint,
            content_fingerprint, gate_verdict, kept_because, checks, checks_failed
        )
        select %s, %s, %s, %s, %s, %s, %s, %s, total.checks, total.checks_failed
        from (values (1)) as always (here)
        left join audit.gate_total as total on total.build_id = %s
        """,
        (
            build.build_id,
            settings.force_code,
            build.as_at,
            build.code_version,
            build.input_fingerprint,
            content,
            verdict,
            kept_because,
            build.build_id,
        ),
    )
    conn.execute(
        "update audit.generation set shown_at = clock_timestamp() where build_id = %s",
        (build.build_id,),
    )
    record_position(conn, build.build_id)
    if kept_because is None and find_hold(conn) is None:
        make_current(conn, build.build_id, f"published by run {build.run_id}", run_id=build.run_id)
    conn.execute(
        """
        update audit.run
        set outcome = 'published', publication_id = %s, message = null,
            finished_at = clock_timestamp()
        where run_id = %s
        """,
        (build.build_id, build.run_id),
    )
    return get_publication(conn, build.build_id)


def _why_kept(conn: psycopg.Connection, build: Build) -> str | None:
    """Return why a publication is kept and does not become current, or None if it may.

    A repeated run of the current publication's own moment replaces it.
    """
    current = find_current(conn)
    if current is None or build.as_at >= current.as_at:
        return None
    query = "select makes_current from audit.run where run_id = %s"
    if one_value(conn, query, (build.run_id,)):
        return None
    return (
        f"it is as at {london_text(build.as_at)}, earlier than publication "
        f"{current.publication_id}, which is as at {london_text(current.as_at)}"
    )


def _blocked(settings: Settings, build_id: int, why: str) -> GateBlocked:
    return GateBlocked(f"Build {build_id} is not published: {why}; {_still_current(settings)}.")


def _still_current(settings: Settings) -> str:
    current = current_publication(settings)
    if current is None:
        return "nothing is published yet"
    return f"publication {current.publication_id} stands"

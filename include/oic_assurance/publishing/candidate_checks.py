"""Check the evidence that a build needs to be published: its record and its audited tables."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from oic_assurance.builds.record import Build, find_build
from oic_assurance.publishing.catalogue import read_tables
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.published_tables import Tables
from oic_assurance.publishing.schemas import KEY, PublishedSchema
from oic_assurance.warehouse.fingerprint import (
    TableFingerprint,
    content_fingerprint,
    fingerprint_tables,
)

_PARENTS = """
select c.relname
from pg_catalog.pg_class as c
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %s)
    and c.relkind = 'p'
"""


def publishable_build(conn: psycopg.Connection, build_id: int) -> Build:
    """Return the record of a daily build.

    Raises:
        NotPublishableError: There is no such build, or the build is not a daily build.
    """
    build = find_build(conn, build_id)
    if build is None:
        raise NotPublishableError("there is no record of it")
    if build.purpose != "daily" or build.schema_prefix:
        raise NotPublishableError(f"it was made for another purpose ({build.purpose})")
    return build


def read_candidates(
    conn: psycopg.Connection, schemas: tuple[PublishedSchema, ...]
) -> dict[PublishedSchema, Tables]:
    """Return each schema's candidate tables, keyed by name.

    Raises:
        NotPublishableError: A required table or a previously published table is missing.
    """
    candidates: dict[PublishedSchema, Tables] = {}
    for schema in schemas:
        tables = read_tables(conn, schema.candidate)
        published = {row[0] for row in conn.execute(_PARENTS, (schema.parents,)).fetchall()}
        missing = sorted((schema.required | published) - set(tables))
        if missing:
            raise NotPublishableError(f"{schema.candidate} lacks {', '.join(missing)}")
        candidates[schema] = tables
    return candidates


def check_candidates(candidates: Mapping[PublishedSchema, Tables], build_id: int) -> None:
    """Refuse relations that cannot be published, such as a view or a table with another owner.

    Raises:
        NotPublishableError: A relation cannot be published. The message names the first one.
    """
    for schema, tables in candidates.items():
        for table in tables.values():
            if table.kind != "r":
                raise NotPublishableError(f"{table.place} is not a plain table")
            if table.column(KEY) is None:
                raise NotPublishableError(f"{table.place} has no column {KEY}")
            if not table.is_ours:
                raise NotPublishableError(
                    f"{table.place} belongs to {table.owner}, not to the stage that builds marts"
                )
            if not table.is_logged:
                raise NotPublishableError(
                    f"{table.place} is unlogged and would be empty after a crash of the server"
                )
            if not schema.has_room_for(table.name, build_id):
                raise NotPublishableError(f"the name of {table.place} is too long")


def check_fingerprints(
    conn: psycopg.Connection, candidates: Mapping[PublishedSchema, Tables], build_id: int
) -> str:
    """Check that the candidate tables are the tables that were tested and audited.

    Returns one fingerprint over all candidate tables. The caller must hold a lock on the tables, so
    that they do not change during the check.

    Raises:
        NotPublishableError: A table was changed after the tests or the audit, was not tested or not
            audited, or was audited and no longer exists.
    """
    for schema in candidates:
        audited = audited_tables(conn, schema, build_id)
        tested = _tested_tables(conn, schema, build_id)
        found = fingerprint_tables(conn, schema.candidate)
        for name, now in found.items():
            place = f"{schema.candidate}.{name}"
            _compare(place, audited.get(name), now, "audit")
            _compare(place, tested.get(name), now, "tests")
        gone = [f"{schema.candidate}.{name}" for name in sorted(set(audited) - set(found))]
        if gone:
            raise NotPublishableError(f"{', '.join(gone)} was audited but is no longer there")
    return audited_content(conn, tuple(candidates), build_id)


def audited_content(
    conn: psycopg.Connection, schemas: tuple[PublishedSchema, ...], build_id: int
) -> str:
    """Return one fingerprint of all audited tables together, using their published names."""
    return content_fingerprint(
        {
            f"{schema.name}.{name}": fingerprint
            for schema in schemas
            for name, fingerprint in audited_tables(conn, schema, build_id).items()
        }
    )


def audited_tables(
    conn: psycopg.Connection, schema: PublishedSchema, build_id: int
) -> dict[str, TableFingerprint]:
    """Return the fingerprint that each candidate table of a schema had when it was audited."""
    return _recorded(conn, "table_fingerprint", schema, build_id)


def _tested_tables(
    conn: psycopg.Connection, schema: PublishedSchema, build_id: int
) -> dict[str, TableFingerprint]:
    """Return the fingerprint that each candidate table of a schema had after dbt's tests."""
    return _recorded(conn, "tested_table", schema, build_id)


def _recorded(
    conn: psycopg.Connection, record: str, schema: PublishedSchema, build_id: int
) -> dict[str, TableFingerprint]:
    query = sql.SQL(
        "select table_name, rows, fingerprint from {} where build_id = %s and schema_name = %s"
    ).format(sql.Identifier("audit", record))
    rows = conn.execute(query, (build_id, schema.candidate)).fetchall()
    return {name: TableFingerprint(count, fingerprint) for name, count, fingerprint in rows}


def _compare(place: str, then: TableFingerprint | None, now: TableFingerprint, what: str) -> None:
    if then is None:
        raise NotPublishableError(f"{place} has no {what} on record")
    if then != now:
        raise NotPublishableError(
            f"{place} was changed after its {what} ({then.rows} rows then, {now.rows} now)"
        )

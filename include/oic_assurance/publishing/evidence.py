"""What must be on record before a build is published: the build, and its tables as audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from oic_assurance.publishing.catalogue import read_tables
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.parents import Tables
from oic_assurance.publishing.schemas import KEY, Face
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


@dataclass(frozen=True)
class BuildRecord:
    """A build as the audit schema has it."""

    build_id: int
    run_id: str
    as_at: datetime
    purpose: str
    schema_prefix: str
    input_fingerprint: str | None
    code_version: str | None
    wants_approval: bool


def read_build(conn: psycopg.Connection, build_id: int) -> BuildRecord:
    """Return the record of a build that may be published."""
    row = conn.execute(
        """
        select build_id, run_id, as_at, purpose, schema_prefix, input_fingerprint, code_version,
            wants_approval
        from audit.build
        where build_id = %s
        """,
        (build_id,),
    ).fetchone()
    if row is None:
        raise NotPublishableError("there is no record of it")
    build = BuildRecord(*row)
    if build.purpose != "daily" or build.schema_prefix:
        raise NotPublishableError(f"it was made for another purpose ({build.purpose})")
    return build


def read_candidates(conn: psycopg.Connection, faces: tuple[Face, ...]) -> dict[Face, Tables]:
    """Return the candidate tables of every face, all that are expected and each fit to be moved."""
    candidates: dict[Face, Tables] = {}
    for face in faces:
        tables = read_tables(conn, face.candidate)
        published = {row[0] for row in conn.execute(_PARENTS, (face.parents,)).fetchall()}
        missing = sorted((face.required | published) - set(tables))
        if missing:
            raise NotPublishableError(f"{face.candidate} lacks {', '.join(missing)}")
        candidates[face] = tables
    return candidates


def check_candidates(candidates: Mapping[Face, Tables], build_id: int) -> None:
    """Refuse what cannot become part of a publication: a view, somebody else's table, and so on."""
    for face, tables in candidates.items():
        for table in tables.values():
            if table.kind != "r":
                raise NotPublishableError(f"{table.place} is no plain table")
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
            if not face.has_room_for(table.name, build_id):
                raise NotPublishableError(f"the name of {table.place} is too long")


def check_fingerprints(
    conn: psycopg.Connection, candidates: Mapping[Face, Tables], build_id: int
) -> str:
    """Compare the candidates with what was audited; return the fingerprint of all of them.

    The caller holds a lock on the candidates, so that they stay what they are here.
    """
    for face in candidates:
        audited = audited_tables(conn, face, build_id)
        tested = _tested_tables(conn, face, build_id)
        found = fingerprint_tables(conn, face.candidate)
        for name, now in found.items():
            place = f"{face.candidate}.{name}"
            _compare(place, audited.get(name), now, "audit")
            _compare(place, tested.get(name), now, "tests")
        gone = [f"{face.candidate}.{name}" for name in sorted(set(audited) - set(found))]
        if gone:
            raise NotPublishableError(f"{', '.join(gone)} was audited but is no longer there")
    return audited_content(conn, tuple(candidates), build_id)


def audited_content(conn: psycopg.Connection, faces: tuple[Face, ...], build_id: int) -> str:
    """Return the fingerprint of all tables that were audited, by the names that readers know."""
    return content_fingerprint(
        {
            f"{face.parents}.{name}": fingerprint
            for face in faces
            for name, fingerprint in audited_tables(conn, face, build_id).items()
        }
    )


def audited_tables(
    conn: psycopg.Connection, face: Face, build_id: int
) -> dict[str, TableFingerprint]:
    """Return what the candidate's tables of a face held when they were audited, by name."""
    return _recorded(conn, "table_fingerprint", face, build_id)


def _tested_tables(
    conn: psycopg.Connection, face: Face, build_id: int
) -> dict[str, TableFingerprint]:
    """Return what they held when dbt had tested them."""
    return _recorded(conn, "tested_table", face, build_id)


def _recorded(
    conn: psycopg.Connection, record: str, face: Face, build_id: int
) -> dict[str, TableFingerprint]:
    query = sql.SQL(
        "select table_name, rows, fingerprint from {} where build_id = %s and schema_name = %s"
    ).format(sql.Identifier("audit", record))
    rows = conn.execute(query, (build_id, face.candidate)).fetchall()
    return {name: TableFingerprint(count, fingerprint) for name, count, fingerprint in rows}


def _compare(place: str, then: TableFingerprint | None, now: TableFingerprint, what: str) -> None:
    if then is None:
        raise NotPublishableError(f"{place} has no {what} on record")
    if then != now:
        raise NotPublishableError(
            f"{place} was changed after its {what} ({then.rows} rows then, {now.rows} now)"
        )

"""Files of a bundle besides the pack: figures, fingerprints, checks, decisions, batches, rules."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.builds.record import get_build
from oic_assurance.builds.version import rules_fingerprint, seed_folders
from oic_assurance.errors import AssuranceError
from oic_assurance.publishing.candidate_checks import audited_tables
from oic_assurance.publishing.publication import Publication, not_kept
from oic_assurance.publishing.schemas import GENERATION, KEY, MARTS, PUBLISHED_SCHEMAS
from oic_assurance.reporting.bundle.verify import FIGURES, values
from oic_assurance.settings import Settings
from oic_assurance.warehouse.fingerprint import TableFingerprint, added_later, written_alike

_COLUMNS = """
select attribute.attname::text, format_type(attribute.atttypid, attribute.atttypmod)
from pg_catalog.pg_attribute as attribute
inner join pg_catalog.pg_class as class on attribute.attrelid = class.oid
inner join pg_catalog.pg_namespace as namespace on class.relnamespace = namespace.oid
where namespace.nspname = %s and class.relname = %s and attribute.attnum > 0
    and not attribute.attisdropped and attribute.attname <> %s
order by attribute.attname collate "C"
"""
_CHECKS = """
select stage, suite, dataset, dimension, expectation, column_name, description, severity, success,
    evaluated, unexpected, checked_at
from audit.expectation_result
where build_id = %s
order by stage, suite, expectation, column_name, result_id
"""
_GATES = """
select stage, verdict
from audit.gate
where build_id = %s
order by stage
"""
# The bundle does not say who decided, or why. The names of accounts are of no use outside the
# warehouse.
_APPROVALS = """
select decided_at, is_approved, through, content_fingerprint
from audit.approval
where build_id = %s
order by approval_id
"""
# The record of sign-offs belongs to no publication: the steps that had been made on this one, or on
# an earlier one.
_SIGN_OFFS = """
select recommendation_code, point_code, round, step, at, by_role, cause, rests_on,
    made_on_publication, made_on_was_withdrawn, status_then, numerator_then, denominator_then,
    value_then, evidence_sha256, evidence_state, is_in_force
from marts.sign_off
where made_on_publication <= %s
order by recommendation_code, round, at
"""
# The column `source_place` is left out, because it can name a server or a person. In the bundle, a
# delivery is identified by its SHA-256.
_BATCHES = """
select batch_id, dataset, kind, delivered_for, landed_at, size_bytes, row_count, rows_new,
    rows_rejected, sha256, status
from audit.batch
where batch_id <= %s
order by batch_id
"""


def contents(
    conn: psycopg.Connection, settings: Settings, publication: Publication
) -> Iterator[tuple[str, bytes, str]]:
    """Yield each file: its name in the bundle, its bytes, and what it is, in words.

    The rules are in the bundle only if this checkout has the same rules fingerprint as the
    publication.

    Raises:
        AssuranceError: The tables of the publication are not kept any more.
    """
    number = publication.publication_id
    build = get_build(conn, number)
    has_rules = build.rules_fingerprint == rules_fingerprint(settings)
    about = {**_publication(conn, publication), "rules_are_bundled": has_rules}
    yield "publication.json", _json(about), "The publication"
    audited = audited_tables(conn, MARTS, number)
    for mart in FIGURES:
        table = _table(conn, mart, number, audited.get(mart))
        if table is None:
            continue
        yield f"figures/{mart}.json", _json(table), f"The rows of marts.{mart}, as they were hashed"
        yield f"figures/{mart}.csv", _csv(table), f"The rows of marts.{mart}"
    for name, query, asked, what in (
        ("checks", _CHECKS, number, "Every check that ran, with its result"),
        ("gates", _GATES, number, "The verdict on each stage"),
        ("approvals", _APPROVALS, number, "Decisions about the warnings of the build"),
        ("sign_offs", _SIGN_OFFS, number, "The steps of each closure, as the record has them now"),
        ("batches", _BATCHES, build.known_batch_id, "The batches that the build knew, by hash"),
    ):
        yield f"{name}.json", _json(_rows(conn, query, asked)), what
    if has_rules:
        folders = seed_folders(settings.project_root)
        for path in sorted(path for folder in folders for path in folder.glob("*.csv")):
            yield f"rules/{path.name}", path.read_bytes(), f"The policy {path.stem}"


def _publication(conn: psycopg.Connection, publication: Publication) -> dict[str, Any]:
    tables = {
        f"{schema.name}.{name}": {"rows": found.rows, "fingerprint": found.fingerprint}
        for schema in PUBLISHED_SCHEMAS
        for name, found in audited_tables(conn, schema, publication.publication_id).items()
    }
    return {
        "publication_id": publication.publication_id,
        "force_code": publication.force_code,
        "published_at": publication.published_at.isoformat(),
        "as_at": publication.as_at.isoformat(),
        "code_version": publication.code_version,
        "input_fingerprint": publication.input_fingerprint,
        "content_fingerprint": publication.content_fingerprint,
        "gate_verdict": publication.gate_verdict,
        "was_withdrawn": publication.withdrawn_at is not None,
        "shown": [
            {"current_from": begin.isoformat(), "current_to": end and end.isoformat()}
            for begin, end in publication.spells
        ],
        "tables": tables,
    }


def _table(
    conn: psycopg.Connection, mart: str, number: int, audited: TableFingerprint | None
) -> dict[str, Any] | None:
    """Return a mart's columns and rows, each row as the text that was hashed, in a fixed order.

    Columns that a later version has added are left out. Returns None if the publication had no such
    mart.

    Raises:
        AssuranceError: The tables of the publication are not kept any more.
    """
    place = (GENERATION, MARTS.partition(mart, number))
    columns = conn.execute(_COLUMNS, (*place, KEY)).fetchall()
    if not columns and mart == "assurance_position":
        raise AssuranceError(f"{not_kept(conn, number)}.")
    if not columns:
        return None
    later = added_later(conn, *place, audited) if audited else []
    columns = [column for column in columns if column[0] not in later]
    query = sql.SQL("select row({columns})::text from {table} order by 1").format(
        columns=sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        table=sql.Identifier(*place),
    )
    with written_alike(conn):
        rows = [row for (row,) in conn.execute(query)]
    return {"table": f"{MARTS.name}.{mart}", "columns": columns, "rows": rows}


def _csv(table: Mapping[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([name for name, _ in table["columns"]])
    for row in table["rows"]:
        writer.writerow(["" if value is None else value for value in values(row)])
    return text.getvalue().encode("utf-8")


def _rows(conn: psycopg.Connection, query: str, asked: object) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as reader:
        return reader.execute(query.encode(), (asked,)).fetchall()


def _json(content: object) -> bytes:
    text = json.dumps(content, indent=1, ensure_ascii=False, default=_plain)
    return (text + "\n").encode("utf-8")


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else float(value)

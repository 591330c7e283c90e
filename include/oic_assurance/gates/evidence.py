"""Fingerprints of the tables that a stage audits: evidence is about these rows and no others."""

import hashlib
from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from expectations.vocabulary import Suite
from oic_assurance.gates.places import Places
from oic_assurance.warehouse.fingerprint import TableFingerprint, fingerprint_tables

#: By schema and table.
Fingerprints = Mapping[tuple[str, str], TableFingerprint]

# Raw tables only grow, a batch at a time: how many rows each batch has says which rows there are.
_ROWS_BY_BATCH = """
select batch_id, count(*)
from {table}
where batch_id <= %s
group by batch_id
order by batch_id
"""


def fingerprints(
    connection: psycopg.Connection, suites: Sequence[Suite], places: Places
) -> Fingerprints:
    """Return the fingerprints of the tables that the suites are about, as far as they are there."""
    found: dict[tuple[str, str], TableFingerprint] = {}
    built = {places.schema(suite.schema) for suite in suites if not suite.versioned}
    for schema in sorted(built):
        for table, fingerprint in fingerprint_tables(connection, schema).items():
            found[schema, table] = fingerprint
    for suite in suites:
        place = (places.schema(suite.schema), suite.table)
        if suite.versioned and _exists(connection, *place):
            found[place] = _of_raw(connection, *place, places.build.known_batch_id)
    audited = {(places.schema(suite.schema), suite.table) for suite in suites}
    return {place: found[place] for place in sorted(audited & set(found))}


def _exists(connection: psycopg.Connection, schema: str, table: str) -> bool:
    row = connection.execute(
        "select to_regclass(%s) is not null", (f"{schema}.{table}",)
    ).fetchone()
    return bool(row and row[0])


def _of_raw(
    connection: psycopg.Connection, schema: str, table: str, known_batch_id: int
) -> TableFingerprint:
    query = sql.SQL(_ROWS_BY_BATCH).format(table=sql.Identifier(schema, table))
    batches = connection.execute(query, (known_batch_id,)).fetchall()
    text = "\n".join(f"{batch} {rows}" for batch, rows in batches)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return TableFingerprint(sum(rows for _, rows in batches), digest)

"""Compute the fingerprints of the tables that a stage audits.

The fingerprints are stored with the stage's results, and show which rows the results describe.
"""

import hashlib
from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from expectations.vocabulary import Suite
from oic_assurance.gates.table_names import Places
from oic_assurance.warehouse.fingerprint import TableFingerprint, fingerprint_tables
from oic_assurance.warehouse.rows import relation_exists

#: The fingerprint of each table, keyed by schema and table.
Fingerprints = Mapping[tuple[str, str], TableFingerprint]

# Rows are only added to raw, batch by batch. So the number of rows of each batch identifies the
# content of a raw table.
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
    """Return the fingerprints of the suites' tables. A table that does not exist has none."""
    found: dict[tuple[str, str], TableFingerprint] = {}
    built: dict[str, list[str]] = {}
    for suite in suites:
        schema = places.schema(suite.schema)
        if not suite.versioned:
            built.setdefault(schema, []).append(suite.table)
        elif relation_exists(connection, f"{schema}.{suite.table}"):
            known = places.build.known_batch_id
            found[schema, suite.table] = _of_raw(connection, schema, suite.table, known)
    for schema, tables in built.items():
        for table, fingerprint in fingerprint_tables(connection, schema, only=tables).items():
            found[schema, table] = fingerprint
    return found


def _of_raw(
    connection: psycopg.Connection, schema: str, table: str, known_batch_id: int
) -> TableFingerprint:
    query = sql.SQL(_ROWS_BY_BATCH).format(table=sql.Identifier(schema, table))
    batches = connection.execute(query, (known_batch_id,)).fetchall()
    text = "\n".join(f"{batch} {rows}" for batch, rows in batches)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return TableFingerprint(sum(rows for _, rows in batches), digest)

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
    built = {places.schema(suite.schema) for suite in suites if not suite.versioned}
    for schema in sorted(built):
        for table, fingerprint in fingerprint_tables(connection, schema).items():
            found[schema, table] = fingerprint
    for suite in suites:
        place = (places.schema(suite.schema), suite.table)
        if suite.versioned and relation_exists(connection, ".".join(place)):
            found[place] = _of_raw(connection, *place, places.build.known_batch_id)
    audited = {(places.schema(suite.schema), suite.table) for suite in suites}
    return {place: found[place] for place in sorted(audited & set(found))}


def _of_raw(
    connection: psycopg.Connection, schema: str, table: str, known_batch_id: int
) -> TableFingerprint:
    query = sql.SQL(_ROWS_BY_BATCH).format(table=sql.Identifier(schema, table))
    batches = connection.execute(query, (known_batch_id,)).fetchall()
    text = "\n".join(f"{batch} {rows}" for batch, rows in batches)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return TableFingerprint(sum(rows for _, rows in batches), digest)

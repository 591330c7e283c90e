"""Replace the keys in the kept tables of a publication, and record the proof.

The tables are changed in one transaction, row by row. So readers do not have to wait, and each of
their transactions sees the publication either with earlier keys or with new ones, never with both.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.errors import AssuranceError
from oic_assurance.operations.pseudonyms.tables import (
    copy_rows_with_new_keys,
    delete_rows_with_earlier_keys,
    earlier_values,
    keyed_columns,
    replace_keys,
)
from oic_assurance.publishing.attach import finalise
from oic_assurance.publishing.catalogue import Table, read_tables, referenced_first
from oic_assurance.publishing.generations import Part, State, read_parts
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.warehouse.fingerprint import TableFingerprint, fingerprint_tables


@dataclass(frozen=True)
class _Keyed:
    """A table of a publication and those of its columns that contain keys.

    `is_referred_to` tells whether another table's foreign key refers to one of these columns.
    """

    part: Part
    columns: list[str]
    is_referred_to: bool


def publications_left(connection: psycopg.Connection, rekey_id: int) -> list[int]:
    """Return the kept publications that still have earlier keys, newest first."""
    done = {
        row[0]
        for row in connection.execute(
            "select publication_id from audit.rekeyed_publication where rekey_id = %s", (rekey_id,)
        ).fetchall()
    }
    kept = {part.publication_id for part in read_parts(connection)}
    return sorted(kept - done, reverse=True)


def rekey_publication(connection: psycopg.Connection, rekey_id: int, publication_id: int) -> None:
    """Replace the keys in a publication's tables, within the transaction of `connection`.

    For each changed table, the fingerprints before and after are recorded. If all keys in the new
    rows are turned back, the fingerprint must equal the one from before. That proves that each key
    was replaced with its own new key, and that no row and no other value changed.

    Raises:
        AssuranceError: The proof fails. The caller must roll back.
    """
    connection.execute(
        "insert into audit.rekeyed_publication (rekey_id, publication_id) values (%s, %s)",
        (rekey_id, publication_id),
    )
    keyed = _keyed_tables(connection, publication_id)
    before = {one.part.name: _fingerprint(connection, one) for one in keyed}
    _replace(connection, keyed)
    for one in keyed:
        _prove(connection, one, before[one.part.name])
        after = _fingerprint(connection, one)
        connection.execute(
            """
            insert into audit.rekeyed_table (
                rekey_id, publication_id, schema_name, table_name, rows, fingerprint_before,
                fingerprint_after
            ) values (%s, %s, %s, %s, %s, %s, %s)
            """,
            (
                rekey_id,
                publication_id,
                one.part.schema.candidate,
                one.part.table,
                after.rows,
                before[one.part.name].fingerprint,
                after.fingerprint,
            ),
        )


def _keyed_tables(connection: psycopg.Connection, publication_id: int) -> list[_Keyed]:
    """Return the tables with keys, each after the tables to which its foreign keys refer."""
    parents = referenced_first(
        [
            table
            for schema in PUBLISHED_SCHEMAS
            for table in read_tables(connection, schema.parents).values()
        ]
    )
    order = {(table.schema, table.name): place for place, table in enumerate(parents)}
    found = []
    for part in read_parts(connection):
        if part.publication_id != publication_id:
            continue
        if part.state is State.PENDING:
            connection.execute(finalise(part))
        columns = keyed_columns(connection, GENERATION, part.name)
        if columns:
            is_referred_to = part.state is State.ATTACHED and _is_referred_to(
                parents, part, columns
            )
            found.append(_Keyed(part, columns, is_referred_to))
    return sorted(
        found, key=lambda one: order.get((one.part.schema.parents, one.part.table), len(order))
    )


def _is_referred_to(parents: list[Table], part: Part, columns: list[str]) -> bool:
    place = (part.schema.parents, part.table)
    return any(
        key.target == place and any(theirs in columns for _, theirs in key.pairs)
        for table in parents
        for key in table.foreign_keys
    )


def _replace(connection: psycopg.Connection, keyed: list[_Keyed]) -> None:
    # The key of a row cannot change while other rows refer to it. So a copy of the row with the new
    # key is added, the other rows are changed to refer to the copy, and then the original row is
    # deleted.
    for one in keyed:
        change = copy_rows_with_new_keys if one.is_referred_to else replace_keys
        change(connection, one.part.identifier, one.columns)
    for one in reversed(keyed):
        if one.is_referred_to:
            delete_rows_with_earlier_keys(connection, one.part.identifier, one.columns)


def _prove(connection: psycopg.Connection, one: _Keyed, before: TableFingerprint) -> None:
    if _fingerprint(connection, one, earlier_values(one.columns)) != before:
        raise AssuranceError(
            f"Table {GENERATION}.{one.part.name}: with the keys turned back it is not what it was. "
            "Nothing was changed in this publication: report this as a defect."
        )


def _fingerprint(
    connection: psycopg.Connection,
    one: _Keyed,
    values: dict[str, sql.Composable] | None = None,
) -> TableFingerprint:
    name = one.part.name
    return fingerprint_tables(connection, GENERATION, only=[name], values=values)[name]

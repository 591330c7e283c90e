"""Withdraw recalled records from every kept publication, before the next one is made.

If a mart has rows about a recalled record, these rows are deleted. In other marts, the columns that
name the record are blanked. Figures that count the record stay until the next publication.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Identifier

from oic_assurance.publishing.generations import read_parts
from oic_assurance.publishing.publication import find_current, sole_publisher
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import enter

#: How long the withdrawal waits for a publication that is under way.
PATIENCE = "10min"
#: The role that builds the candidate and owns its tables until they are published.
BUILDER = "oic_transform"
#: The column of `assurance_exception` that names the exception's record.
_ANY_RECORD = "record_ref"
#: Columns that say something about a record other than its name. They are blanked together with the
#: name.
_TOLD_BY_RECORD: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("fct_nccu_referral", "report_urn"): ("hours_to_submission",),
}

_NAMING_COLUMNS = """
select c.relname, a.attname, a.attnotnull,
    exists (
        select
        from pg_catalog.pg_index as i
        where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey)
    )
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c on a.attrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    n.nspname = %(schema)s and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    and a.attname = any(%(columns)s)
order by c.relname, a.attname
"""


def withdraw(
    settings: Settings,
    recall_ids: Sequence[int],
    reference: str | None,
    names: Sequence[str],
    records: int,
) -> int:
    """Withdraw the records with these names, and record the time in `audit.recall`.

    `reference` is the column that holds the names in the marts. If it is None, no mart names the
    records. `records` is the number of records. The current publication is changed first. The rows
    are also deleted from an unpublished candidate. The candidate then differs from the tables that
    were checked, so it can no longer be published.

    Returns how many rows of publications were deleted or blanked.

    Raises:
        psycopg.errors.LockNotAvailable: A publication is under way for longer than `PATIENCE`.
    """
    rows = 0
    withdrawn_from: list[str] = []
    with sole_publisher(settings, patience=PATIENCE) as connection:
        current = find_current(connection)
        shown = current.publication_id if current else None
        columns = _naming_columns(connection, GENERATION, reference)
        parts = read_parts(connection)
        for part in sorted(parts, key=lambda one: one.publication_id != shown):
            for column in columns.get(part.name, ()):
                removed = column.remove(connection, part.identifier, part.table, names)
                rows += removed
                if removed:
                    withdrawn_from.append(f"{GENERATION}.{part.name}")
        _withdraw_candidates(settings, reference, names)
        with connection.transaction():
            connection.execute(
                """
                update audit.recall
                set withdrawn_at = clock_timestamp(), withdrawn_rows = %s, withdrawn_from = %s
                where recall_id = any(%s)
                """,
                (rows, withdrawn_from, list(recall_ids)),
            )
            enter(
                connection,
                "alteration",
                f"{records} records were withdrawn from {rows} rows of publications, because"
                " their marking rose above the ceiling",
            )
    return rows


def _withdraw_candidates(settings: Settings, reference: str | None, names: Sequence[str]) -> None:
    """Remove the records from the tables of an unpublished build."""
    with connect(settings, role=BUILDER) as connection:
        for schema in PUBLISHED_SCHEMAS:
            found = _naming_columns(connection, schema.candidate, reference)
            for table, columns in found.items():
                for column in columns:
                    column.remove(connection, Identifier(schema.candidate, table), table, names)


@dataclass(frozen=True)
class _Column:
    """A mart column that can name a record."""

    name: str
    #: Whether the row is about the record, and so is deleted. Otherwise the record's name is
    #: blanked.
    has_row_of_record: bool

    def remove(
        self, connection: psycopg.Connection, table: Identifier, mart: str, names: Sequence[str]
    ) -> int:
        """Delete the rows that name a record, or blank the name. Return how many rows changed."""
        named = SQL("{} = any(%s)").format(Identifier(self.name))
        if self.has_row_of_record:
            statement = SQL("delete from {} where {}").format(table, named)
        else:
            blanked = (self.name, *_TOLD_BY_RECORD.get((mart, self.name), ()))
            statement = SQL("update {} set {} where {}").format(
                table,
                SQL(", ").join(SQL("{} = null").format(Identifier(one)) for one in blanked),
                named,
            )
        return connection.execute(statement, (list(names),)).rowcount


def _naming_columns(
    connection: psycopg.Connection, schema: str, reference: str | None
) -> dict[str, list[_Column]]:
    """Return, for each table of a schema, the columns that can name a record."""
    if reference is None:
        return {}
    rows = connection.execute(
        _NAMING_COLUMNS.encode(), {"schema": schema, "columns": [reference, _ANY_RECORD]}
    ).fetchall()
    found: dict[str, list[_Column]] = defaultdict(list)
    for table, column, must_be_filled, is_in_key in rows:
        is_of_record = column == _ANY_RECORD or must_be_filled or is_in_key
        found[table].append(_Column(column, is_of_record))
    return found

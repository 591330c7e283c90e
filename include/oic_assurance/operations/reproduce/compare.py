"""Compare three states of a publication's tables: as audited, as stored now, and recomputed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from oic_assurance.publishing.catalogue import read_tables
from oic_assurance.publishing.rekeyed import present_tables
from oic_assurance.publishing.schemas import GENERATION, KEY, PUBLISHED_SCHEMAS, PublishedSchema
from oic_assurance.warehouse.fingerprint import (
    TableFingerprint,
    fingerprint_tables,
    written_alike,
)

#: At most this many differing rows are listed for each table.
ROWS_NAMED = 5
_SIDES = ("stored", "recomputed")

# Values are compared as text, like in fingerprints, so even the last digit of a number counts.
_DIFFERING = """
select {columns}
from {stored} as stored
full join {recomputed} as recomputed using ({key})
where row({stored_values})::text is distinct from row({recomputed_values})::text
order by {key}
limit {limit}
"""


@dataclass(frozen=True)
class TableComparison:
    """The fingerprints of one mart: as audited, as stored now, and as recomputed.

    If the pseudonyms were replaced since, `audited` is the fingerprint with the new pseudonyms. A
    fingerprint is None if the table does not exist.

    `rows` holds what differs in the first rows that differ between the stored and the recomputed
    table: the row's `key`, the `column`, and its value as text, as `published` and as `recomputed`.
    """

    place: str
    audited: TableFingerprint | None
    stored: TableFingerprint | None
    recomputed: TableFingerprint | None
    rows: Sequence[Mapping[str, object]] = ()

    @property
    def rows_published(self) -> int | None:
        """The number of rows when the table was audited."""
        return self.audited.rows if self.audited else None

    @property
    def rows_recomputed(self) -> int | None:
        """The number of rows of the recomputed table."""
        return self.recomputed.rows if self.recomputed else None

    @property
    def is_equal(self) -> bool:
        """Return whether the audited, the stored and the recomputed table have the same rows.

        A table that is no longer stored counts as unchanged.
        """
        reproduces = self.audited is not None and self.audited == self.recomputed
        return reproduces and self.stored in (None, self.audited)

    @property
    def verdict(self) -> str:
        """Say how the table differs."""
        if self.is_equal:
            return "equal"
        if self.audited is None:
            return "NEW: the publication did not have it"
        if self.recomputed is None:
            return "GONE: it is not built any more"
        is_altered = self.audited == self.recomputed
        return "ALTERED since it was published" if is_altered else "DIFFERS"


def compare_tables(
    conn: psycopg.Connection, publication_id: int, prefix: str
) -> list[TableComparison]:
    """Compare every mart of a publication with its recomputed mart.

    The recomputed marts are in the schemas whose names begin with `prefix`.

    If a table differs and is still stored, its comparison lists the first `ROWS_NAMED` differing
    rows.
    """
    return [
        comparison
        for schema in PUBLISHED_SCHEMAS
        for comparison in _compare_schema(conn, schema, publication_id, prefix)
    ]


def _compare_schema(
    conn: psycopg.Connection, schema: PublishedSchema, publication_id: int, prefix: str
) -> list[TableComparison]:
    audited = present_tables(conn, schema, publication_id)
    rebuilt = f"{prefix}{schema.candidate}"
    recomputed = fingerprint_tables(conn, rebuilt)
    names = sorted(audited.keys() | recomputed.keys())
    parts = {name: schema.partition(name, publication_id) for name in names}
    stored = fingerprint_tables(conn, GENERATION, only=list(parts.values()))
    found = []
    for name in names:
        one = TableComparison(
            f"{schema.name}.{name}",
            audited.get(name),
            stored.get(parts[name]),
            recomputed.get(name),
        )
        if not one.is_equal and one.stored is not None and one.recomputed is not None:
            one = replace(one, rows=_differing_rows(conn, parts[name], (rebuilt, name)))
        found.append(one)
    return found


def _differing_rows(
    conn: psycopg.Connection, part: str, recomputed: tuple[str, str]
) -> list[dict[str, object]]:
    """Return what differs in at most `ROWS_NAMED` rows, sorted by primary key."""
    places = sql.Identifier(GENERATION, part), sql.Identifier(*recomputed)
    columns, others = (_columns(conn, place) for place in places)
    table = read_tables(conn, recomputed[0], [recomputed[1]])[recomputed[1]]
    key = [column for column in table.primary_key if column != KEY]
    shared = [column for column in columns if column in others and column != KEY]
    values = [column for column in shared if column not in key]
    asked = [sql.Identifier(column) for column in key]
    asked += [sql.Identifier(side, column) for column in (KEY, *values) for side in _SIDES]
    query = sql.SQL(_DIFFERING).format(
        columns=sql.SQL(", ").join(sql.SQL("{}::text").format(column) for column in asked),
        stored=places[0],
        recomputed=places[1],
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        stored_values=_listed("stored", shared),
        recomputed_values=_listed("recomputed", shared),
        limit=sql.Literal(ROWS_NAMED),
    )
    with written_alike(conn):
        rows = conn.execute(query).fetchall()
    return [
        {
            "key": dict(zip(key, row, strict=False)),
            "column": column,
            "published": then,
            "recomputed": now,
        }
        for row in rows
        for column, then, now in _values(row[len(key) :], values)
    ]


def _values(
    row: Sequence[str | None], columns: Sequence[str]
) -> Iterator[tuple[str, object, object]]:
    """Yield the columns that differ, or whether each table has the row, if only one has it."""
    is_in_stored, is_in_recomputed = (one is not None for one in row[:2])
    if not (is_in_stored and is_in_recomputed):
        yield "the whole row", is_in_stored, is_in_recomputed
        return
    for column, then, now in zip(columns, row[2::2], row[3::2], strict=True):
        if then != now:
            yield column, then, now


def _columns(conn: psycopg.Connection, place: sql.Identifier) -> list[str]:
    head = conn.execute(sql.SQL("select * from {} limit 0").format(place)).description
    return [column.name for column in head or ()]


def _listed(side: str, columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(side, column) for column in columns)

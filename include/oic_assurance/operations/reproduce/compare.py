"""A publication's tables three times over: as audited, as they are kept, and as computed again."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.publishing.catalogue import read_tables
from oic_assurance.publishing.evidence import audited_tables
from oic_assurance.publishing.schemas import FACES, GENERATION, KEY, Face
from oic_assurance.warehouse.fingerprint import (
    TableFingerprint,
    fingerprint_tables,
    written_alike,
)

#: How many rows of a table are named.
ROWS_NAMED = 5
_SIDES = ("kept", "again")

# By text, as fingerprints are: numbers count to the last bit.
_DIFFERING = """
select {columns}
from {kept} as kept
full join {again} as again using ({key})
where row({kept_values})::text is distinct from row({again_values})::text
order by {key}
limit {limit}
"""


@dataclass(frozen=True)
class RowDifference:
    """A row that is not the same: its key, and what each differing column said and says."""

    key: dict[str, str]
    #: Column, as published, as computed again; empty where only one of the two has the row.
    values: tuple[tuple[str, str | None, str | None], ...]
    is_in_kept: bool
    is_in_again: bool


@dataclass(frozen=True)
class TableComparison:
    """One mart: what it held when it was audited, what is kept of it, and what it holds again."""

    place: str
    then: TableFingerprint | None
    kept: TableFingerprint | None
    again: TableFingerprint | None
    rows: tuple[RowDifference, ...] = ()

    @property
    def reproduces(self) -> bool:
        """Tell whether computing it again gives what was published."""
        return self.then is not None and self.then == self.again

    @property
    def is_as_published(self) -> bool:
        """Tell whether what is kept is what was published; nothing kept is nothing altered."""
        return self.kept is None or self.kept == self.then

    @property
    def is_equal(self) -> bool:
        """Tell whether all that there is of it says the same."""
        return self.reproduces and self.is_as_published


def compare_tables(
    conn: psycopg.Connection, publication_id: int, prefix: str
) -> list[TableComparison]:
    """Compare every mart of a publication with the one built in the schemas of a prefix.

    Where a table differs and is still kept, the first rows that differ are named.
    """
    return [
        comparison
        for face in FACES
        for comparison in _compare_face(conn, face, publication_id, prefix)
    ]


def _compare_face(
    conn: psycopg.Connection, face: Face, publication_id: int, prefix: str
) -> list[TableComparison]:
    then = audited_tables(conn, face, publication_id)
    schema = f"{prefix}{face.candidate}"
    again = fingerprint_tables(conn, schema)
    names = sorted(then.keys() | again.keys())
    parts = {name: face.partition(name, publication_id) for name in names}
    kept = fingerprint_tables(conn, GENERATION, only=list(parts.values()))
    found = []
    for name in names:
        one = TableComparison(
            f"{face.parents}.{name}", then.get(name), kept.get(parts[name]), again.get(name)
        )
        if not one.is_equal and one.kept is not None and one.again is not None:
            rows = _differing_rows(conn, parts[name], (schema, name))
            one = TableComparison(one.place, one.then, one.kept, one.again, tuple(rows))
        found.append(one)
    return found


def _differing_rows(
    conn: psycopg.Connection, part: str, again: tuple[str, str]
) -> list[RowDifference]:
    """Return the first rows, in the order of their key, that the two tables do not share."""
    places = sql.Identifier(GENERATION, part), sql.Identifier(*again)
    columns, others = (_columns(conn, place) for place in places)
    table = read_tables(conn, again[0], [again[1]])[again[1]]
    key = [column for column in table.primary_key if column != KEY]
    shared = [column for column in columns if column in others and column != KEY]
    values = [column for column in shared if column not in key]
    asked = [sql.Identifier(column) for column in key]
    asked += [sql.Identifier(side, column) for column in (KEY, *values) for side in _SIDES]
    query = sql.SQL(_DIFFERING).format(
        columns=sql.SQL(", ").join(sql.SQL("{}::text").format(column) for column in asked),
        kept=places[0],
        again=places[1],
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        kept_values=_listed("kept", shared),
        again_values=_listed("again", shared),
        limit=sql.Literal(ROWS_NAMED),
    )
    with written_alike(conn):
        rows = conn.execute(query).fetchall()
    return [_row(row, key, values) for row in rows]


def _row(row: Sequence[str | None], key: list[str], values: list[str]) -> RowDifference:
    keyed, (kept, again), rest = row[: len(key)], row[len(key) : len(key) + 2], row[len(key) + 2 :]
    is_in_kept, is_in_again = kept is not None, again is not None
    pairs = zip(values, rest[::2], rest[1::2], strict=True)
    return RowDifference(
        key={name: str(value) for name, value in zip(key, keyed, strict=True)},
        values=tuple(pair for pair in pairs if pair[1] != pair[2])
        if is_in_kept and is_in_again
        else (),
        is_in_kept=is_in_kept,
        is_in_again=is_in_again,
    )


def _columns(conn: psycopg.Connection, place: sql.Identifier) -> list[str]:
    head = conn.execute(sql.SQL("select * from {} limit 0").format(place)).description
    return [column.name for column in head or ()]


def _listed(side: str, columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(side, column) for column in columns)

"""Write the tables that readers see into files, and compare two folders of such files."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

SCHEMAS = ("marts", "public_draft")
#: Columns that are not compared, because they depend on the code version, on checks, or on the time
#: at which a row was computed, landed or checked.
NOT_A_FIGURE = frozenset(
    {
        "caveat", "checked_at", "code_version", "content_fingerprint", "due_by",
        "input_fingerprint", "last_landed_at", "last_record_at", "published_at",
    }
)  # fmt: skip
#: Tables that are not compared, because they have no figures, but list checks, which may get new
#: names.
ABOUT_CHECKS = frozenset({"marts.data_quality_history", "marts.data_quality_status"})


@dataclass(frozen=True)
class Line:
    """One line of the comparison. `is_difference` is true if figures differ."""

    text: str
    is_difference: bool


def dump(warehouse: psycopg.Connection, folder: Path) -> int:
    """Write every published table as CSV, with the rows of all publications.

    Returns the number of tables.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = warehouse.execute(
        """
        select n.nspname, c.relname
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = any(%s) and c.relkind in ('r', 'p') and not c.relispartition
        order by 1, 2
        """,
        (list(SCHEMAS),),
    ).fetchall()
    for schema, table in tables:
        query = sql.SQL("copy (select * from {}) to stdout (format csv, header)").format(
            sql.Identifier(schema, table)
        )
        with (
            (folder / f"{schema}.{table}.csv").open("wb") as file,
            warehouse.cursor() as cursor,
            cursor.copy(query) as copy,
        ):
            for piece in copy:
                file.write(piece)
    return len(tables)


def compare(before: Path, after: Path) -> Iterator[Line]:
    """Compare two folders of tables, in the columns that both have. The order of rows is ignored.

    Yields a line for each table whose rows differ, for each table that only one folder has, and for
    each table whose columns differ between the folders. The columns in `NOT_A_FIGURE` and the rows
    of the tables in `ABOUT_CHECKS` are not compared.
    """
    names = {file.name for folder in (before, after) for file in folder.iterdir()}
    for name in sorted(names):
        table = name.removesuffix(".csv")
        if not ((before / name).exists() and (after / name).exists()):
            yield Line(f"{table} is in only one of the dumps", is_difference=False)
            continue
        old, new = _read(before / name), _read(after / name)
        columns = [column for column in old[0] if column in new[0]]
        if changed := sorted(set(old[0]) ^ set(new[0])):
            yield Line(f"{table}: columns in only one of the dumps: {changed}", is_difference=False)
        if table in ABOUT_CHECKS:
            continue
        shared = [column for column in columns if column not in NOT_A_FIGURE]
        rows_old, rows_new = _rows(old, shared), _rows(new, shared)
        gone, come = rows_old - rows_new, rows_new - rows_old
        if gone or come:
            yield Line(f"{table}: {_first(shared, gone, come)}", is_difference=True)


def _read(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.reader(text))


def _rows(table: list[list[str]], columns: list[str]) -> Counter[tuple[str, ...]]:
    places = [table[0].index(column) for column in columns]
    return Counter(tuple(row[place] for place in places) for row in table[1:])


def _first(
    columns: list[str], gone: Counter[tuple[str, ...]], come: Counter[tuple[str, ...]]
) -> str:
    """Return a text with the numbers of missing and of new rows, and the first row of each kind."""
    sides = [
        f"{side} {dict(zip(columns, min(rows), strict=True))}"
        for side, rows in (("before", gone), ("after", come))
        if rows
    ]
    return f"{sum(gone.values())} rows gone, {sum(come.values())} rows new: {'; '.join(sides)}"

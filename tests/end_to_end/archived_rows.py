"""Read archived batches again, and compare an archived row with the raw row that came from it."""

import gzip
import json
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.batches.archive_reader import open_archived
from oic_assurance.operations.explain.history import Row
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import Column, Table
from oic_assurance.sources.files.tabular import read_tables

AS_READ = {
    "date": "landing.as_date", "timestamptz": "landing.as_moment", "bigint": "landing.as_bigint",
    "integer": "landing.as_integer", "numeric": "landing.as_numeric",
    "boolean": "landing.as_boolean",
}  # fmt: skip


def differences(
    warehouse: psycopg.Connection, settings: Settings, version: Row, source: Row
) -> list[str]:
    """Return the names of the columns in which a raw row differs from its archived row."""
    assert source["kept_as"] is not None
    table = next(t for t in dataset(version["dataset"]).tables if t.name == version["table"])
    raw = _raw(warehouse, version)
    if source["kind"] == "database":
        archived = _of_extract(warehouse, settings, source["kept_as"], table, version)
        return [name for name in archived if archived[name] != raw[name]]
    archived = _of_file(settings, source["kept_as"], version)
    assert set(archived) == set(table.names)
    return [
        column.name
        for column in table.columns
        if _read(warehouse, column, archived[column.name]) != raw[column.name]
    ]


def _raw(warehouse: psycopg.Connection, version: Row) -> dict[str, Any]:
    declared = dataset(version["dataset"])
    rows = (
        warehouse.cursor(row_factory=dict_row)
        .execute(
            sql.SQL("select * from {} where batch_id = %s and row_number = %s").format(
                sql.Identifier(declared.raw_schema, version["table"])
            ),
            (version["batch_id"], version["row_number"]),
        )
        .fetchall()
    )
    assert len(rows) == 1
    return rows[0]


def _of_file(settings: Settings, kept_as: str, version: Row) -> dict[str, Any]:
    with open_archived(settings, kept_as) as content:
        for reading in read_tables(content, dataset(version["dataset"])):
            if reading.table.name == version["table"]:
                # All rows are read, so that the reader releases the stream before it is closed.
                (row,) = [row for row in reading.rows if row[0] == version["row_number"]]
                return dict(zip(reading.table.names, row[3:], strict=True))
    raise AssertionError(f"{kept_as} has no table {version['table']}")


def _read(warehouse: psycopg.Connection, column: Column, cell: str) -> object:
    """Return the value of a cell in a file, converted by the rules of the source contract."""
    if column.presence:
        return cell.strip() != ""
    if cell.strip() == "":
        return None
    if column.type == "text":
        return cell.zfill(column.digits or 0)
    query = f"select {AS_READ[column.type]}(%s)"
    row = warehouse.execute(query.encode(), (cell,)).fetchone()
    assert row is not None
    return row[0]


def _of_extract(
    warehouse: psycopg.Connection, settings: Settings, kept_as: str, table: Table, version: Row
) -> dict[str, Any]:
    with gzip.open(settings.home / kept_as, "rb") as archived:
        header = json.loads(archived.readline().removeprefix(b"# "))
        columns = header["columns"]
        place = sql.Identifier("archived_rows")
        warehouse.execute(sql.SQL("drop table if exists {}").format(place))
        warehouse.execute(
            sql.SQL("create temp table {} as select {} from {} limit 0").format(
                place,
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.Identifier(dataset(version["dataset"]).raw_schema, table.name),
            )
        )
        statement = sql.SQL("copy {} from stdin (format {})").format(
            place, sql.SQL(header.get("copy_format", "text"))
        )
        with warehouse.cursor().copy(statement) as copy:
            while chunk := archived.read(1 << 20):
                copy.write(chunk)
    found = (
        warehouse.cursor(row_factory=dict_row)
        .execute("select * from archived_rows where row_number = %s", (version["row_number"],))
        .fetchall()
    )
    assert len(found) == 1
    return found[0]

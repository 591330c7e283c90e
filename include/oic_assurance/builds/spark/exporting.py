"""Write relations of the warehouse to Parquet files, all as they were at one moment."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv, parquet

from oic_assurance.builds.dbt import ROLE
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

if TYPE_CHECKING:
    from oic_assurance.builds.spark.folder import Folder

#: The schema and the name of a table or view.
Place = tuple[str, str]

_BLOCK = 4 << 20
_DECIMAL = pa.decimal128(38, 15)
_MOMENT, _CLOCK = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
#: The type in Parquet of each type of PostgreSQL. All other types are written as text.
_TYPES = {
    "boolean": pa.bool_(),
    "smallint": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float64(),
    "double precision": pa.float64(),
    "date": pa.date32(),
    "timestamp with time zone": _MOMENT,
    "timestamp without time zone": _CLOCK,
    "numeric": _DECIMAL,
}
_COLUMNS = """
select a.attname, format_type(a.atttypid, null)
from pg_catalog.pg_attribute as a
where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""


@dataclass(frozen=True)
class Column:
    """A column of a relation, and its type in Parquet."""

    name: str
    type: pa.DataType


def export(
    settings: Settings, places: Iterable[Place], compared: Iterable[str], folder: "Folder"
) -> list[Place]:
    """Write relations to Parquet files, one folder each, and return those that exist.

    All relations are read in one transaction, so they are as they were at one moment. Besides
    `places`, the relations of the schemas `compared` are written.

    Raises:
        AssuranceError: A value has no equal in Parquet.
    """
    with connect(settings, role=ROLE) as warehouse:
        warehouse.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        warehouse.read_only = True
        warehouse.execute("set local timezone = 'UTC'")
        warehouse.execute("set local datestyle = 'ISO, YMD'")
        wanted = sorted({*places, *_tables(warehouse, compared)})
        return [place for place in wanted if _export_one(warehouse, place, folder)]


def _tables(warehouse: psycopg.Connection, schemas: Iterable[str]) -> list[Place]:
    return [
        (str(schema), str(name))
        for schema, name in warehouse.execute(
            "select schemaname, tablename from pg_catalog.pg_tables where schemaname = any(%s)",
            (list(schemas),),
        )
    ]


def _export_one(warehouse: psycopg.Connection, place: Place, folder: "Folder") -> bool:
    """Write one relation. Returns whether it exists."""
    relation = sql.Identifier(*place)
    columns = [
        Column(name, _TYPES.get(kind, pa.string()))
        for name, kind in warehouse.execute(_COLUMNS, (relation.as_string(warehouse),))
    ]
    if not columns:
        return False
    path = f"{folder.path}/{folder.exported(*place)}"
    folder.system.makedirs(path, exist_ok=True)
    schema = pa.schema([(column.name, column.type) for column in columns])
    statement = sql.SQL("copy (select {} from {}) to stdout (format csv)").format(
        sql.SQL(", ").join(map(_as_written, columns)), relation
    )
    try:
        with (
            folder.system.open(f"{path}/rows.parquet", "wb") as file,
            parquet.ParquetWriter(file, schema) as writer,
            warehouse.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for batch in _batches(_Stream(copy), columns):
                writer.write_table(batch.cast(schema))
    except pa.ArrowInvalid as error:
        raise AssuranceError(
            f"{'.'.join(place)}: a value has no equal in Parquet, so Spark cannot read it."
        ) from error
    return True


def _as_written(column: Column) -> sql.Composable:
    """Return the SQL of a column. Moments are written as microseconds, which is exact."""
    name = sql.Identifier(column.name)
    if column.type in (_MOMENT, _CLOCK):
        return sql.SQL("(extract(epoch from {}) * 1000000)::bigint").format(name)
    return name


def _batches(stream: "_Stream", columns: list[Column]) -> Iterator[pa.Table]:
    """Read rows in PostgreSQL's CSV, in which a null is nothing and an empty text is two quotes."""
    first = stream.read(1)
    if not first:
        return
    stream.push_back(first)
    read = {
        one.name: pa.int64()
        if one.type in (_MOMENT, _CLOCK)
        else pa.string()
        if one.type == _DECIMAL
        else one.type
        for one in columns
    }
    reader = csv.open_csv(
        io.BufferedReader(stream, _BLOCK),
        read_options=csv.ReadOptions(column_names=list(read), block_size=_BLOCK, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=read,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    for batch in reader:
        yield pa.Table.from_batches([batch])


class _Stream(io.RawIOBase):
    """What PostgreSQL sends for a COPY, as a file."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        self._rest = b""

    def readable(self) -> bool:
        return True

    def push_back(self, data: bytes) -> None:
        """Let `data` be read again."""
        self._rest = data + self._rest

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = bytes(self._copy.read())
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

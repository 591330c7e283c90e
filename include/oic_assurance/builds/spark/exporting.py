"""Write relations of the warehouse to Parquet files, all as they were at one moment."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import ROLE
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

if TYPE_CHECKING:
    from oic_assurance.builds.spark.folder import Folder

#: The schema and the name of a table or view.
Place = tuple[str, str]

_BLOCK = 4 << 20
#: The types of a moment in PostgreSQL.
_MOMENTS = ("timestamp with time zone", "timestamp without time zone")
_COLUMNS = """
select a.attname, format_type(a.atttypid, null)
from pg_catalog.pg_attribute as a
where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""


#: Decimal places of a number in Parquet, unless the column has one with more. Together with the
#: digits before the point there are 38.
_PLACES = 15


@dataclass(frozen=True)
class Column:
    """A column of a relation: its name and its type, as PostgreSQL names it.

    `places` is the number of decimal places that a `numeric` has in Parquet.
    """

    name: str
    type: str
    places: int = _PLACES

    @property
    def in_parquet(self) -> Any:
        """The type in Parquet. Types of PostgreSQL that are not in the list are written as text."""
        import pyarrow as pa

        types = {
            "boolean": pa.bool_(),
            "smallint": pa.int32(),
            "integer": pa.int32(),
            "bigint": pa.int64(),
            "real": pa.float64(),
            "double precision": pa.float64(),
            "date": pa.date32(),
            "timestamp with time zone": pa.timestamp("us", tz="UTC"),
            "timestamp without time zone": pa.timestamp("us"),
            "numeric": pa.decimal128(38, self.places),
        }
        return types.get(self.type, pa.string())

    @property
    def as_read(self) -> Any:
        """The type as which the column's CSV is read. From it, it is cast without a loss."""
        import pyarrow as pa

        if self.type in _MOMENTS:
            return pa.int64()
        return pa.string() if self.type == "numeric" else self.in_parquet

    @property
    def written(self) -> sql.Composable:
        """The SQL of the column for CSV. A moment is written as microseconds, which is exact."""
        name = sql.Identifier(self.name)
        if self.type in _MOMENTS:
            return sql.SQL("(extract(epoch from {}) * 1000000)::bigint").format(name)
        return name


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
    import pyarrow as pa
    from pyarrow import parquet

    relation = sql.Identifier(*place)
    columns = [
        Column(name, kind, _places(warehouse, relation, name) if kind == "numeric" else _PLACES)
        for name, kind in warehouse.execute(_COLUMNS, (relation.as_string(warehouse),)).fetchall()
    ]
    if not columns:
        return False
    path = f"{folder.path}/{folder.exported(*place)}"
    folder.system.makedirs(path, exist_ok=True)
    schema = pa.schema([(column.name, column.in_parquet) for column in columns])
    statement = sql.SQL("copy (select {} from {}) to stdout (format csv)").format(
        sql.SQL(", ").join(column.written for column in columns), relation
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
    except (pa.ArrowInvalid, psycopg.errors.FeatureNotSupported) as error:
        raise AssuranceError(
            f"{'.'.join(place)}: a value has no equal in Parquet, so Spark cannot read it."
        ) from error
    return True


def _places(warehouse: psycopg.Connection, relation: sql.Identifier, column: str) -> int:
    """Return how many decimal places Parquet needs for the numbers of a column."""
    query = sql.SQL("select max(scale({})) from {}").format(sql.Identifier(column), relation)
    most = warehouse.execute(query).fetchone()
    return max(_PLACES, most[0] or 0) if most else _PLACES


def _batches(stream: "_Stream", columns: list[Column]) -> Iterator[Any]:
    """Read rows in PostgreSQL's CSV, in which a null is nothing and an empty text is two quotes."""
    import pyarrow as pa
    from pyarrow import csv

    first = stream.read(1)
    if not first:
        return
    stream.push_back(first)
    read = {column.name: column.as_read for column in columns}
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

    # The buffer of the type stubs cannot be written to.
    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = bytes(self._copy.read())
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

"""Load tables that Spark has made into the empty tables that wait for them in the warehouse."""

import io
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from oic_assurance.builds.spark.exporting import Place
    from oic_assurance.builds.spark.folder import Folder

_ROWS = 20_000


def load(warehouse: psycopg.Connection, place: "Place", folder: "Folder") -> int:
    """Load the rows of a table, and return how many there were.

    The table in the warehouse has its columns, types and constraints, and no rows.

    Raises:
        psycopg.Error: The rows break a constraint, or do not have the table's columns and types.
    """
    from pyarrow import dataset

    path = f"{folder.path}/{folder.built(*place)}"
    rows = dataset.dataset(path, filesystem=folder.system, format="parquet")
    names = sql.SQL(", ").join(map(sql.Identifier, rows.schema.names))
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier(*place), names
    )
    loaded = 0
    with warehouse.transaction(), warehouse.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for batch in rows.to_batches(batch_size=_ROWS):
                if batch.num_rows:
                    copy.write(_as_csv(batch))
                    loaded += batch.num_rows
        cursor.execute(sql.SQL("analyze {}").format(sql.Identifier(*place)))
    return loaded


def _as_csv(batch: Any) -> bytes:
    """Return rows in PostgreSQL's CSV, in which a null is nothing and an empty text two quotes."""
    import pyarrow as pa
    from pyarrow import csv

    columns = [
        _decimals(column) if pa.types.is_decimal(column.type) else column
        for column in batch.columns
    ]
    written = io.BytesIO()
    csv.write_csv(
        pa.RecordBatch.from_arrays(columns, names=batch.schema.names),
        written,
        csv.WriteOptions(include_header=False, quoting_style="needed"),
    )
    return written.getvalue()


def _decimals(column: Any) -> Any:
    """Return decimals as text. PostgreSQL keeps the zeros at the end of a number, so none are left.

    A column with a fixed number of places has them again afterwards.
    """
    import pyarrow as pa

    written = (None if one is None else format(one, "f") for one in column.to_pylist())
    short = (one.rstrip("0").rstrip(".") if one and "." in one else one for one in written)
    return pa.array(short, pa.string())

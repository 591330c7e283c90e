"""The straight way: what is read for the first time and keeps every rule goes from source to raw.

Where nothing is known of a table yet, each of its rows is a new version. So the source itself
computes what raw needs beside the columns, and the stream is stored as it arrives.
"""

from datetime import datetime

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.landing import checks
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.databases.postgres import typed
from oic_assurance.sources.declarations.model import PROVENANCE, Dataset


def raw_columns(dataset: Dataset) -> list[str]:
    """Return the raw table's columns in the order of `raw_values`."""
    return [*dataset.tables[0].names, *PROVENANCE]


def raw_values(
    dataset: Dataset, force_code: str, batch_id: int, landed_at: datetime
) -> list[Composable]:
    """Write a source row `r` as it is to stand in raw."""
    [table] = dataset.tables
    content = typed(table)
    provenance: dict[str, Composable] = {
        "force_code": SQL("{}::text").format(sql.Literal(force_code)),
        "batch_id": SQL("{}::bigint").format(sql.Literal(batch_id)),
        "row_number": SQL("row_number() over ()"),
        "row_key": SQL("{}::text").format(Identifier("r", table.key[0])),
        "version_at": Identifier("r", dataset.database.cursor),
        "landed_at": SQL("{}::timestamptz").format(sql.Literal(landed_at)),
        "row_fingerprint": checks.fingerprint(content),
        "is_tombstone": SQL("false"),
    }
    return [*content, *(provenance[name] for name in PROVENANCE)]


def copy_statement(dataset: Dataset, *, frozen: bool) -> Composed:
    """Write the COPY into raw; frozen rows need not be written again after their commit."""
    return SQL("copy {} ({}) from stdin (format binary, freeze {})").format(
        raw_name(dataset, dataset.tables[0]),
        SQL(", ").join(map(Identifier, raw_columns(dataset))),
        SQL("on" if frozen else "off"),
    )

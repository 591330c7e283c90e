"""The first load: copy the first extract of a table directly from the source into raw.

Raw has no rows of the table yet, so every source row is a new version. The query in the source also
computes the provenance columns of raw, so the warehouse can store the stream as it arrives. Rows
that need a check are left out of this stream and landed in the usual way.
"""

from datetime import datetime

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.landing import checks
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.databases.postgres import typed
from oic_assurance.sources.declarations.model import PROVENANCE, Dataset


def raw_columns(dataset: Dataset) -> list[str]:
    """Return the columns of the raw table, in the order of `raw_values`."""
    return [*dataset.tables[0].names, *PROVENANCE]


def raw_values(
    dataset: Dataset, force_code: str, batch_id: int, landed_at: datetime
) -> list[Composable]:
    """Return the SQL expressions for the values that a source row `r` has in raw."""
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
    """Return the binary COPY statement into raw.

    With `frozen`, PostgreSQL marks the rows as frozen when it copies them, so that it need not
    rewrite them later.
    """
    return SQL("copy {} ({}) from stdin (format binary, freeze {})").format(
        raw_name(dataset, dataset.tables[0]),
        SQL(", ").join(map(Identifier, raw_columns(dataset))),
        SQL("on" if frozen else "off"),
    )

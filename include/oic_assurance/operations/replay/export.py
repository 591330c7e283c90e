"""Export rejected rows for somebody to correct.

An export is a disclosure, so it is logged (DPA 2018 section 62).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Literal

from oic_assurance.errors import AssuranceError, UnknownNameError
from oic_assurance.landing.quarantine import WITH_REASONS, QuarantineFilter
from oic_assurance.operations.replay.corrections import (
    AS_IT_CAME,
    REASONS,
    REJECTED_ID,
    new_file,
    one_line,
    shown,
)
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import batch_mark, dataset_mark, enter, record_mark
from oic_assurance.warehouse.rows import one_value

ROWS_AT_ONCE = 5_000
#: The entry in the log of processing holds marks for at most this many records.
_MARKED_RECORDS = 1_000


@dataclass(frozen=True)
class Exported:
    """How many rejected rows were written to the file, and how many could not be written."""

    rows: int
    #: How many of the written rows could not be split into cells. The file has an extra last column
    #: with the text of these rows as it was delivered.
    unsplit: int
    #: How many rows were refused because of their marking. They have no content to export.
    refused_by_marking: int


@dataclass
class _Written:
    """The rows in the file: how many there are, from which batches, and with which keys."""

    rows: int = 0
    batches: set[int] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def export_rejected(settings: Settings, which: QuarantineFilter, to: Path, who: str) -> Exported:
    """Write rejected rows of one table as CSV, with declared columns, `rejected_id` and reasons.

    Only the file's owner can read it. `who` is logged as the recipient, and the server adds the
    login.

    Raises:
        AssuranceError: No row can be exported, the rows are of several tables, or the file exists
            or cannot be written.
    """
    dataset = declared(which.dataset or "")
    values = which.values(settings)
    with connect(settings, role="oic_landing") as connection:
        table, refused = _table(connection, dataset, which, values)
        values = replace(which, table=table.name).values(settings)
        unsplit: int = one_value(
            connection,
            f"select count(*) from {WITH_REASONS} where {QuarantineFilter.CONDITION}"  # noqa: S608 - no input
            " and r.content ? 'cells'",
            values,
        )
        written = _write(connection, table, values, to, with_line=unsplit > 0)
        rows = written.rows
        what = f"{dataset.name}: {rows} rejected rows of {table.name}, exported to {to}"
        enter(
            connection,
            "disclosure",
            what,
            to_whom=who,
            because="the rows are to be corrected",
            record=[
                record_mark(settings, dataset.name, key)
                for key in sorted(written.keys)[:_MARKED_RECORDS]
            ],
            concerns=(dataset_mark(dataset.name), *map(batch_mark, sorted(written.batches))),
        )
    return Exported(rows, unsplit, refused)


def _table(
    connection: psycopg.Connection,
    dataset: Dataset,
    which: QuarantineFilter,
    values: dict[str, Any],
) -> tuple[Table, int]:
    """Return the table to which all chosen rows belong, and the number of rows without content."""
    names = [table.name for table in dataset.tables]
    if which.table is not None and which.table not in names:
        raise UnknownNameError("table", which.table, names, f"in {dataset.name}")
    found = connection.execute(
        f"""
        select r.table_name, count(r.content), count(*) - count(r.content)
        from {WITH_REASONS} where {which.CONDITION}
        group by 1 order by 1
        """,  # noqa: S608 - constants
        values,
    ).fetchall()
    with_content = [name for name, rows, _ in found if rows]
    refused = sum(without_content for _, _, without_content in found)
    if not with_content:
        hint = f" ({refused} without content, refused because of their marking)" if refused else ""
        raise AssuranceError(f"{dataset.name}: no such row in quarantine to export{hint}.")
    if len(with_content) > 1:
        raise AssuranceError(
            f"{dataset.name}: rows of {' and '.join(with_content)} are in quarantine: a file holds "
            "one table, so choose with --table."
        )
    return next(t for t in dataset.tables if t.name == with_content[0]), refused


def _write(
    connection: psycopg.Connection,
    table: Table,
    values: dict[str, Any],
    to: Path,
    *,
    with_line: bool,
) -> _Written:
    head = [*table.names, REJECTED_ID, REASONS, *([AS_IT_CAME] if with_line else [])]
    written = _Written()
    with new_file(to) as file, connection.cursor(name="export") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        file.writerow(head)
        cursor.execute(_query(table), values)
        for batch_id, row_key, rejected_id, reasons, cells, *texts in cursor:
            line = [shown(one_line(cells)) if cells else ""] if with_line else []
            file.writerow([*map(shown, texts), rejected_id, shown("; ".join(reasons)), *line])
            written.rows += 1
            written.batches.add(batch_id)
            if row_key is not None:
                written.keys.add(row_key)
    return written


def _query(table: Table) -> Composed:
    return SQL(
        "select r.batch_id, r.row_key, r.rejected_id, now.reasons, r.content -> 'cells', {}"
        " from {} where {}"
        " and r.content is not null"
        " order by b.delivered_for, r.batch_id, r.row_number, r.rejected_id"
    ).format(
        SQL(", ").join(SQL("r.content ->> {}").format(Literal(name)) for name in table.names),
        SQL(WITH_REASONS),
        SQL(QuarantineFilter.CONDITION),
    )

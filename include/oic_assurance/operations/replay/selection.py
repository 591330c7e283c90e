"""Select the rejected rows to replay: all that wait in quarantine, or those of a corrected file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.sql import SQL, Literal

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.quarantine import WITH_REASONS
from oic_assurance.landing.replayed_rows import ReplayRow
from oic_assurance.operations.replay.corrections import CorrectedFile, Correction, corrected
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.rows import all_records


@dataclass(frozen=True)
class RejectedRows:
    """Rejected rows of one delivery and one table that are to be replayed together."""

    batch_id: int
    delivered_for: datetime
    source_place: str
    archived_as: str | None
    table: Table
    rejected_ids: tuple[int, ...]


@dataclass
class Selection:
    """The rows to replay, earliest delivery first."""

    deliveries: list[RejectedRows] = field(default_factory=list)
    #: Rows of a corrected file that an earlier replay has landed: a mapping from `rejected_id` to
    #: the ID of that replay's batch.
    replayed_before: dict[int, int] = field(default_factory=dict)
    #: The number of rows that could not be split into cells. Only a correction can replay them.
    unsplit: int = 0


@dataclass(frozen=True)
class QuarantinedRow:
    """The key and the present reasons of a rejected row."""

    rejected_id: int
    row_key: str | None
    reasons: list[str]


@dataclass(frozen=True)
class _Row:
    rejected_id: int
    dataset: str
    table_name: str
    has_content: bool
    is_unsplit: bool
    replayed_in: int | None
    batch_id: int
    delivered_for: datetime
    source_place: str
    kept_as: str | None


def select_waiting(connection: psycopg.Connection, dataset: Dataset, force_code: str) -> Selection:
    """Select the rows of a dataset that wait in quarantine and can be replayed uncorrected.

    A row without content, or one that could not be split into cells, is left out.
    """
    rows = _rows(
        connection, "r.dataset = %(dataset)s and r.status = 'rejected'", dataset, force_code
    )
    return Selection(
        _by_delivery(dataset, [row for row in rows if row.has_content and not row.is_unsplit]),
        unsplit=sum(row.is_unsplit for row in rows),
    )


def select_corrected(
    connection: psycopg.Connection, dataset: Dataset, force_code: str, file: CorrectedFile
) -> Selection:
    """Select the rows that a file corrects and that no earlier replay has landed.

    Raises:
        AssuranceError: A row of the file cannot be corrected. The message is about the first one.
    """
    ids = [row.rejected_id for row in file.rows]
    rows = {
        row.rejected_id: row
        for row in _rows(connection, "r.rejected_id = any(%(ids)s)", dataset, force_code, ids)
    }
    problems = [
        f"{file.name}, row {correction.row_number}: {problem}"
        for correction in file.rows
        if (problem := _problem(correction, rows.get(correction.rejected_id), dataset, file))
    ]
    if problems:
        more = f" ({len(problems) - 1} more rows like this)" if len(problems) > 1 else ""
        raise AssuranceError(f"{problems[0]}{more}. Nothing was replayed.")
    return Selection(
        _by_delivery(dataset, [row for row in rows.values() if row.replayed_in is None]),
        replayed_before={
            row.rejected_id: row.replayed_in for row in rows.values() if row.replayed_in is not None
        },
    )


def quarantined_rows(
    connection: psycopg.Connection, rejected: RejectedRows
) -> dict[int, QuarantinedRow]:
    """Return the key and the present reasons of rejected rows, keyed by `rejected_id`."""
    rows = all_records(
        connection,
        QuarantinedRow,
        f"""
        select r.rejected_id, r.row_key, now.reasons
        from {WITH_REASONS} where r.rejected_id = any(%s)
        """,  # noqa: S608 - a constant
        (list(rejected.rejected_ids),),
    )
    return {row.rejected_id: row for row in rows}


def rows_to_replay(
    connection: psycopg.Connection, rejected: RejectedRows, corrections: dict[int, Correction]
) -> Iterator[ReplayRow]:
    """Yield each rejected row as it was delivered or, if it has a correction, as corrected."""
    rows = connection.execute(
        SQL(
            "select r.row_number, r.rejected_id, {} from audit.rejected_row as r"
            " where r.rejected_id = any(%s) order by r.row_number"
        ).format(
            SQL(", ").join(
                SQL("r.content ->> {}").format(Literal(name)) for name in rejected.table.names
            )
        ),
        (list(rejected.rejected_ids),),
    )
    for row_number, rejected_id, *values in rows:
        if rejected_id in corrections:
            cells = corrections[rejected_id].cells
            values = [
                corrected(column, value, cell)
                for column, value, cell in zip(rejected.table.columns, values, cells, strict=True)
            ]
        yield ReplayRow(row_number, rejected_id, tuple(values))


def _problem(
    correction: Correction, row: _Row | None, dataset: Dataset, file: CorrectedFile
) -> str | None:
    """Return why a row of the file cannot be used, or None if it can.

    A row that an earlier replay has landed is not a problem: `select_corrected` leaves it out.
    """
    name = f"rejected row {correction.rejected_id}"
    if row is None:
        return f"there is no {name}"
    if row.dataset != dataset.name:
        return f"{name} is of {row.dataset}, not of {dataset.name}"
    if row.table_name != file.table.name:
        return f"{name} is of table {row.table_name}, not of {file.table.name}"
    if not row.has_content:
        return f"{name} was refused because of its marking, so there is no content to correct"
    return None


def _rows(
    connection: psycopg.Connection,
    condition: str,
    dataset: Dataset,
    force_code: str,
    ids: list[int] | None = None,
) -> list[_Row]:
    values: dict[str, Any] = {"dataset": dataset.name, "force": force_code, "ids": ids}
    query = f"""
        select r.rejected_id, r.dataset, r.table_name, r.content is not null as has_content,
            coalesce(r.content ? 'cells', false) as is_unsplit, r.replayed_in,
            b.batch_id, b.delivered_for, b.source_place, b.kept_as
        from audit.rejected_row as r inner join audit.batch as b on r.batch_id = b.batch_id
        where b.force_code = %(force)s and {condition}
        order by b.delivered_for, b.batch_id, r.table_name, r.rejected_id
    """  # noqa: S608 - conditions of this module
    return all_records(connection, _Row, query.encode(), values)


def _by_delivery(dataset: Dataset, rows: list[_Row]) -> list[RejectedRows]:
    """Group rows by delivery and table. The groups are in the order of the given rows."""
    tables = {table.name: table for table in dataset.tables}
    groups: dict[tuple[int, str], list[_Row]] = {}
    for row in rows:
        if row.table_name in tables:
            groups.setdefault((row.batch_id, row.table_name), []).append(row)
    return [
        RejectedRows(
            group[0].batch_id,
            group[0].delivered_for,
            group[0].source_place,
            group[0].kept_as,
            tables[name],
            tuple(row.rejected_id for row in group),
        )
        for (_, name), group in groups.items()
    ]

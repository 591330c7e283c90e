"""Quarantine: rows that broke their contract, with every reason, their batch and their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Composable, Composed, Literal

from oic_assurance.landing import checks
from oic_assurance.settings import Settings
from oic_assurance.sources.model import Dataset, Table
from oic_assurance.warehouse.connections import connect

REFUSED_AT_THE_DOOR = "its protective marking does not admit it: the content was not read"

# A row that could not be taken apart is kept as the cells or the line that it was.
_CONTENT = SQL(
    """
    case
        when s.cells is not null then jsonb_build_object('cells', s.cells::jsonb)
        else to_jsonb(s) - array['row_number', 'fault', 'cells']
    end
    """
)


@dataclass(frozen=True)
class RejectedRow:
    """One row in quarantine, without its content."""

    rejected_id: int
    dataset: str
    table_name: str
    source_place: str
    batch_id: int
    row_number: int | None
    row_key: str | None
    reasons: list[str]
    status: str
    rejected_at: datetime


@dataclass(frozen=True)
class ReasonCount:
    """How many rows of a dataset were rejected for one reason."""

    dataset: str
    reason: str
    rows: int
    latest_at: datetime


def list_rejected(
    settings: Settings, dataset: str | None = None, limit: int | None = None
) -> list[RejectedRow]:
    """Return the rows that are in quarantine, the latest first."""
    query = """
        select
            r.rejected_id, r.dataset, r.table_name, b.source_place, r.batch_id, r.row_number,
            r.row_key, r.reasons, r.status, r.rejected_at
        from audit.rejected_row as r
        inner join audit.batch as b using (batch_id)
        where
            b.force_code = %(force)s and r.status = 'rejected'
            and (%(dataset)s::text is null or r.dataset = %(dataset)s)
        order by r.batch_id desc, r.table_name, r.row_number nulls first, r.rejected_id
        limit %(limit)s
    """
    values = {"force": settings.force_code, "dataset": dataset, "limit": limit}
    with (
        connect(settings, role="oic_landing") as connection,
        connection.cursor(row_factory=class_row(RejectedRow)) as cursor,
    ):
        return cursor.execute(query, values).fetchall()


def counts_by_reason(settings: Settings) -> list[ReasonCount]:
    """Return how many rows are in quarantine for each reason of each dataset.

    What differs from row to row, which stands after a colon, does not make another reason.
    """
    query = """
        select r.dataset, split_part(why, ':', 1) as reason, count(*) as rows,
            max(r.rejected_at) as latest_at
        from audit.rejected_row as r
        inner join audit.batch as b using (batch_id)
        cross join lateral unnest(r.reasons) as why
        where b.force_code = %(force)s and r.status = 'rejected'
        group by 1, 2
        order by 1, 3 desc, 2
    """
    with (
        connect(settings, role="oic_landing") as connection,
        connection.cursor(row_factory=class_row(ReasonCount)) as cursor,
    ):
        return cursor.execute(query, {"force": settings.force_code}).fetchall()


def insert_statement(dataset: Dataset, table: Table) -> Composed:
    """Write the statement that puts the rejected rows of a checked delivery into quarantine."""
    return SQL(
        """
        insert into audit.rejected_row
            (batch_id, dataset, table_name, row_number, row_key, reasons, content)
        select
            %(batch)s, {dataset}, {table}, c.row_number, c.row_key, c.reasons, {content}
        from ({broken}) as c
        inner join {stage} as s using (row_number)
        order by c.row_number
        """
    ).format(
        dataset=Literal(dataset.name),
        table=Literal(table.name),
        content=_CONTENT,
        broken=checks.broken_rows(table),
        stage=checks.stage(table),
    )


def forget_known_statement(dataset: Dataset, table: Table, force_code: Composable) -> Composed:
    """Write the statement that drops broken rows which quarantine holds already, just like that.

    A database row that is broken stays in its source and would be rejected at every extraction.
    """
    return SQL(
        """
        delete from {checked} as c
        using {stage} as s, audit.rejected_row as r inner join audit.batch as b using (batch_id)
        where
            cardinality(c.reasons) > 0 and s.row_number = c.row_number and b.force_code = {force}
            and r.dataset = {dataset} and r.row_key is not distinct from c.row_key
            and r.reasons = c.reasons and r.content = {content}
        """
    ).format(
        checked=checks.checked(table),
        stage=checks.stage(table),
        dataset=Literal(dataset.name),
        force=force_code,
        content=_CONTENT,
    )


def refuse_at_the_door(
    connection: psycopg.Connection,
    dataset: Dataset,
    table: Table,
    batch_id: int,
    keys: Sequence[str],
) -> None:
    """Note rows whose marking is too high, by their keys alone."""
    connection.execute(
        """
        insert into audit.rejected_row (batch_id, dataset, table_name, row_key, reasons)
        select %s, %s, %s, row_key, array[%s] from unnest(%s::text[]) as row_key
        """,
        (batch_id, dataset.name, table.name, REFUSED_AT_THE_DOOR, list(keys)),
    )


def known_at_the_door(
    connection: psycopg.Connection, dataset: Dataset, force_code: str
) -> set[str]:
    """Return the keys that were refused for their marking before."""
    rows = connection.execute(
        """
        select r.row_key
        from audit.rejected_row as r inner join audit.batch as b using (batch_id)
        where r.dataset = %s and r.reasons = array[%s] and b.force_code = %s
        """,
        (dataset.name, REFUSED_AT_THE_DOOR, force_code),
    ).fetchall()
    return {key for (key,) in rows}

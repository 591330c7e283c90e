"""Quarantine: rows that broke their contract, with every reason, their batch and their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, LiteralString

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Composable, Composed, Literal

from oic_assurance.landing import checks
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect

REFUSED_AT_THE_DOOR = "its protective marking does not admit it: the content was not read"

# A row that could not be taken apart is kept as the cells or the line that it was, with what of it
# could be told all the same.
_CONTENT = SQL(
    """
    (to_jsonb(s) - array['row_number', 'fault', 'cells'])
    || case
        when s.cells is not null then jsonb_build_object('cells', s.cells::jsonb) else '{}'
    end
    """
)

# What a row breaks now: what it broke when it came, or in the last replay that did not land it.
WITH_REASONS: LiteralString = """
    audit.rejected_row as r
    inner join audit.batch as b on r.batch_id = b.batch_id
    cross join lateral (
        select coalesce(
            (
                select again.reasons
                from audit.replayed_row as again
                where again.rejected_id = r.rejected_id and cardinality(again.reasons) > 0
                order by again.batch_id desc
                limit 1
            ),
            r.reasons
        ) as reasons
    ) as now
"""


@dataclass(frozen=True)
class Which:
    """Which rejected rows are meant; what is not given does not matter."""

    dataset: str | None = None
    table: str | None = None
    #: A piece of a reason, in any case.
    reason: str | None = None
    batch_id: int | None = None
    #: Whether those that a replay landed are meant too.
    with_replayed: bool = False

    CONDITION: ClassVar[LiteralString] = """
        b.force_code = %(force)s
        and (%(with_replayed)s or r.status = 'rejected')
        and (%(dataset)s::text is null or r.dataset = %(dataset)s)
        and (%(table)s::text is null or r.table_name = %(table)s)
        and (%(batch_id)s::bigint is null or r.batch_id = %(batch_id)s)
        and (
            %(reason)s::text is null or exists (
                select from unnest(now.reasons) as why
                where position(lower(%(reason)s) in lower(why)) > 0
            )
        )
    """

    def values(self, settings: Settings) -> dict[str, Any]:
        """Return what the condition asks for."""
        return {**vars(self), "force": settings.force_code}


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
    #: What it broke before and does not break any more, since it was replayed.
    earlier_reasons: list[str]
    status: str
    rejected_at: datetime
    replayed_in: int | None


@dataclass(frozen=True)
class ReasonCount:
    """How many rows of a dataset were rejected for one reason."""

    dataset: str
    reason: str
    rows: int
    latest_at: datetime


def list_rejected(
    settings: Settings, which: Which | None = None, limit: int | None = None
) -> list[RejectedRow]:
    """Return the rows that are in quarantine, the latest first."""
    which = which or Which()
    query: LiteralString = f"""
        select
            r.rejected_id, r.dataset, r.table_name, b.source_place, r.batch_id, r.row_number,
            r.row_key, now.reasons, r.status, r.rejected_at, r.replayed_in,
            array(
                select why
                from (
                    select r.batch_id, r.reasons
                    union all
                    select again.batch_id, again.reasons
                    from audit.replayed_row as again
                    where again.rejected_id = r.rejected_id
                ) as attempt
                cross join lateral unnest(attempt.reasons) as why
                where why <> all(now.reasons)
                group by why
                order by min(attempt.batch_id), why
            ) as earlier_reasons
        from {WITH_REASONS}
        where {which.CONDITION}
        order by r.batch_id desc, r.table_name, r.row_number nulls first, r.rejected_id
        limit %(limit)s
    """  # noqa: S608 - two constants of this module
    with (
        connect(settings, role="oic_landing") as connection,
        connection.cursor(row_factory=class_row(RejectedRow)) as cursor,
    ):
        return cursor.execute(query, {**which.values(settings), "limit": limit}).fetchall()


def counts_by_reason(settings: Settings, which: Which | None = None) -> list[ReasonCount]:
    """Return how many rows are in quarantine for each reason of each dataset.

    What differs from row to row, which stands after a colon, does not make another reason.
    """
    which = which or Which()
    query: LiteralString = f"""
        select r.dataset, split_part(why, ':', 1) as reason, count(*) as rows,
            max(r.rejected_at) as latest_at
        from {WITH_REASONS}
        cross join lateral unnest(now.reasons) as why
        where {which.CONDITION}
        group by 1, 2
        order by 1, 3 desc, 2
    """  # noqa: S608 - two constants of this module
    with (
        connect(settings, role="oic_landing") as connection,
        connection.cursor(row_factory=class_row(ReasonCount)) as cursor,
    ):
        return cursor.execute(query, which.values(settings)).fetchall()


def count_rejected(settings: Settings, which: Which) -> int:
    """Return how many rows are in quarantine."""
    query: LiteralString = f"""
        select count(*) from {WITH_REASONS} where {which.CONDITION}
    """  # noqa: S608 - two constants of this module
    with connect(settings, role="oic_landing") as connection:
        row = connection.execute(query, which.values(settings)).fetchone()
    return int(row[0]) if row else 0


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

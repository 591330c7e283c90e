"""Quarantine: the rejected rows, each with its reasons, its batch and its row number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, LiteralString

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.landing import checks
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import all_records, one_value

#: The reason for a row whose protective marking is refused. Do not change this text, because
#: queries find rows in quarantine by it.
REFUSED_FOR_MARKING = "its protective marking does not admit it: the content was not read"

#: Replaces the text of a column declared with `presence`, in the content of a rejected row.
GIVEN = "given"

# The content of a rejected row as JSON. If a row could not be parsed, the JSON also has the
# original cells or the original line of the row, in addition to the values that could be read.
_CONTENT = SQL(
    """
    (to_jsonb(s) - array['row_number', 'fault', 'cells'])
    || {replaced}
    || case
        when s.cells is not null and {with_cells}
        then jsonb_build_object('cells', s.cells::jsonb) else '{{}}'
    end
    """
)

# Rejected rows with their present reasons. If a replay has rejected a row again, these are the
# reasons of the last such replay. Otherwise they are the reasons of the landing.
WITH_REASONS: LiteralString = """
    audit.rejected_row as r
    inner join audit.batch as b on r.batch_id = b.batch_id
    cross join lateral (
        select coalesce(
            (
                select replayed.reasons
                from audit.replayed_row as replayed
                where replayed.rejected_id = r.rejected_id and cardinality(replayed.reasons) > 0
                order by replayed.batch_id desc
                limit 1
            ),
            r.reasons
        ) as reasons
    ) as now
"""


@dataclass(frozen=True)
class QuarantineFilter:
    """Which rejected rows to select. A field that is None does not limit the selection."""

    dataset: str | None = None
    table: str | None = None
    #: A part of a reason. The comparison ignores upper and lower case.
    reason: str | None = None
    batch_id: int | None = None
    #: Whether rows that a replay has landed are included.
    with_replayed: bool = False

    CONDITION: ClassVar[LiteralString] = """
        b.force_code = %(force)s
        and (%(with_replayed)s or r.status = 'rejected')
        and (%(dataset)s::text is null or r.dataset = %(dataset)s)
        and (%(table)s::text is null or r.table_name = %(table)s)
        and (%(batch_id)s::bigint is null or r.batch_id = %(batch_id)s)
        and (
            %(reason)s::text is null or exists (
                select from unnest(now.reasons) as each_reason
                where position(lower(%(reason)s) in lower(each_reason)) > 0
            )
        )
    """

    def values(self, settings: Settings) -> dict[str, Any]:
        """Return the values of the parameters in `CONDITION`."""
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
    #: Reasons from the landing or from an earlier replay that no longer apply.
    earlier_reasons: list[str]
    status: str
    rejected_at: datetime
    replayed_in: int | None


@dataclass(frozen=True)
class ReasonCount:
    """The number of rows of a dataset that were rejected for one reason."""

    dataset: str
    rows: int
    latest_at: datetime
    reason: str


def list_rejected(
    settings: Settings, which: QuarantineFilter | None = None, limit: int | None = None
) -> list[RejectedRow]:
    """Return the rows in quarantine. Rows of the latest batch come first."""
    which = which or QuarantineFilter()
    query: LiteralString = f"""
        select
            r.rejected_id, r.dataset, r.table_name, b.source_place, r.batch_id, r.row_number,
            r.row_key, now.reasons, r.status, r.rejected_at, r.replayed_in,
            array(
                select each_reason
                from (
                    select r.batch_id, r.reasons
                    union all
                    select replayed.batch_id, replayed.reasons
                    from audit.replayed_row as replayed
                    where replayed.rejected_id = r.rejected_id
                ) as attempt
                cross join lateral unnest(attempt.reasons) as each_reason
                where each_reason <> all(now.reasons)
                group by each_reason
                order by min(attempt.batch_id), each_reason
            ) as earlier_reasons
        from {WITH_REASONS}
        where {which.CONDITION}
        order by r.batch_id desc, r.table_name, r.row_number nulls first, r.rejected_id
        limit %(limit)s
    """  # noqa: S608 - two constants of this module
    values = {**which.values(settings), "limit": limit}
    with connect(settings, role="oic_landing") as connection:
        return all_records(connection, RejectedRow, query, values)


def counts_by_reason(
    settings: Settings, which: QuarantineFilter | None = None
) -> list[ReasonCount]:
    """Return how many rows are in quarantine for each dataset and reason.

    The text after a colon in a reason differs from row to row. So only the text before the colon
    counts as the reason.
    """
    which = which or QuarantineFilter()
    query: LiteralString = f"""
        select r.dataset, split_part(each_reason, ':', 1) as reason, count(*) as rows,
            max(r.rejected_at) as latest_at
        from {WITH_REASONS}
        cross join lateral unnest(now.reasons) as each_reason
        where {which.CONDITION}
        group by 1, 2
        order by 1, 3 desc, 2
    """  # noqa: S608 - two constants of this module
    with connect(settings, role="oic_landing") as connection:
        return all_records(connection, ReasonCount, query, which.values(settings))


def count_rejected(settings: Settings, which: QuarantineFilter) -> int:
    """Return how many rows in quarantine match a filter."""
    query: LiteralString = f"""
        select count(*) from {WITH_REASONS} where {which.CONDITION}
    """  # noqa: S608 - two constants of this module
    with connect(settings, role="oic_landing") as connection:
        return int(one_value(connection, query, which.values(settings)))


def insert_statement(dataset: Dataset, table: Table) -> Composed:
    """Write the statement that puts the rejected rows of a checked delivery into quarantine."""
    return SQL(
        """
        insert into audit.rejected_row
            (batch_id, dataset, table_name, row_number, row_key, reasons, content)
        select
            %(batch)s, {dataset}, {table}, c.row_number, c.row_key, c.reasons, {content}
        from ({rejected}) as c
        inner join {stage} as s using (row_number)
        order by c.row_number
        """
    ).format(
        dataset=Literal(dataset.name),
        table=Literal(table.name),
        content=_content(dataset, table),
        rejected=checks.rejected_rows(table),
        stage=checks.stage(table),
    )


def _content(dataset: Dataset, table: Table) -> Composed:
    """Write the content of a rejected row as JSON.

    In a row from a file, `GIVEN` replaces the text of each column declared with `presence`.
    `checks.WITHHELD` replaces each text that may be about a person, or that landing replaces. A
    table with such columns has no original cells in quarantine: any of them can hold such a text.
    """
    pairs = [
        SQL("{}, case when s.{} is not null then {} end").format(
            Literal(name), Identifier(name), Literal(GIVEN)
        )
        for name in table.presences
        if dataset.kind == "file"
    ]
    for name in table.withheld:
        is_withheld = checks.is_withheld(
            table, table.column(name), SQL("s.fault"), Identifier("c", "reasons")
        )
        pairs.append(
            SQL("{}, case when s.{} is not null and {} then {} else s.{} end").format(
                Literal(name),
                Identifier(name),
                is_withheld,
                Literal(checks.WITHHELD),
                Identifier(name),
            )
        )
    return _CONTENT.format(
        replaced=SQL("jsonb_build_object({})").format(SQL(", ").join(pairs)),
        with_cells=Literal(not table.withheld and not table.presences),
    )


def drop_known_statement(dataset: Dataset, table: Table, force_code: Composable) -> Composed:
    """Write the statement that drops checked rows that are already in quarantine.

    A checked row is dropped if a row in quarantine has the same key, content and reasons. A wrong
    row of a database stays in its source, so an extract can read the row again. Without this
    statement, the row would be put into quarantine once more.
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
        content=_content(dataset, table),
    )


def insert_refused_keys(
    connection: psycopg.Connection,
    dataset: Dataset,
    table: Table,
    batch_id: int,
    keys: Sequence[str],
) -> None:
    """Put rows with a refused protective marking into quarantine. Only their keys are stored."""
    connection.execute(
        """
        insert into audit.rejected_row (batch_id, dataset, table_name, row_key, reasons)
        select %s, %s, %s, row_key, array[%s] from unnest(%s::text[]) as row_key
        """,
        (batch_id, dataset.name, table.name, REFUSED_FOR_MARKING, list(keys)),
    )


def load_refused_keys(
    connection: psycopg.Connection, dataset: Dataset, force_code: str
) -> set[str]:
    """Return the keys of rows that are in quarantine because of their protective marking."""
    rows = connection.execute(
        """
        select r.row_key
        from audit.rejected_row as r inner join audit.batch as b using (batch_id)
        where r.dataset = %s and r.reasons = array[%s] and b.force_code = %s
        """,
        (dataset.name, REFUSED_FOR_MARKING, force_code),
    ).fetchall()
    return {key for (key,) in rows}

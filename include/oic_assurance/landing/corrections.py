"""Count what a batch changes in records that were landed before it.

A correction is a changed value of a known record. Corrections are counted for each column. For a
column of codes, the counts show the old and the new code. For other columns, the counts show only
whether the value was blank or filled, so that no personal value is stored. If the declaration does
not list the codes of a column, the column could contain a personal value by mistake. For such a
column, the two codes are shown only if at least `FEWEST_SHOWN` records changed from the same old
code to the same new code.

Expected changes are counted too, but not as corrections. A change is expected if the old value is
declared as provisional: a blank that is filled later, or a code such as DRAFT. The return of a
vanished record is not a correction either.
"""

from collections.abc import Iterable
from functools import partial

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.landing.checks import constant
from oic_assurance.landing.load import TableLoader
from oic_assurance.sources.declarations.model import (
    NO_VALUE,
    Column,
    DatabasePlace,
    Dataset,
    Table,
)

#: Used in place of a column name where vanished and returned records are counted.
RECORD = "record"
#: Used in place of a value that is not shown.
FILLED = "filled"
#: A code that its declaration does not list is shown if at least this many records share it.
FEWEST_SHOWN = 5

# A version without a row number is a tombstone, or landing restored it after a late-arriving
# delivery. A restored version is no change, so it is not counted. In `k.batch_id + 0`, the `+ 0`
# keeps PostgreSQL from looking up the earlier version with the index on `batch_id`. If the
# statistics of raw are out of date, a look-up with that index would read the whole table for each
# changed record.
_COUNT = """
with change as (
    select c.*, {previous}
    from {raw} as c
    inner join lateral (
        select k.*
        from {raw} as k
        where
            k.force_code = c.force_code and k.row_key = c.row_key
            and k.version_at <= c.version_at and k.batch_id + 0 < c.batch_id
        order by k.version_at desc, k.batch_id desc
        limit 1
    ) as p on true
    where
        c.batch_id = %(batch)s and c.force_code = {force}
        and (c.row_number is not null or c.is_tombstone)
)
insert into audit.correction (
    batch_id, table_name, column_name, was, became, is_correction, records
)
select
    %(batch)s, {table}, counted.column_name,
    case when counted.is_shown or counted.was = {blank} then counted.was else {filled} end,
    case when counted.is_shown or counted.became = {blank} then counted.became else {filled} end,
    counted.is_correction, sum(counted.records)
from (
    select
        changed.*, count(*) as records,
        changed.column_name <> all({open_columns}) or count(*) >= {fewest} as is_shown
    from change as c
    cross join lateral (values {values}) as changed (
        column_name, was, became, is_changed, is_correction
    )
    where changed.is_changed
    group by
        changed.column_name, changed.was, changed.became, changed.is_changed,
        changed.is_correction
) as counted
group by 3, 4, 5, 6
"""


def record_corrections(loaders: Iterable[TableLoader], batch_id: int) -> None:
    """Count the corrections in a registered batch, and store the counts in `audit.correction`."""
    for loader in loaders:
        loader.run(
            "corrections",
            partial(count_statement, loader.dataset, loader.table, loader.raw, loader.force),
            {"batch": batch_id},
        )


def count_statement(dataset: Dataset, table: Table, raw: Identifier, force: Composable) -> Composed:
    """Write the statement that counts the corrections in one table of a batch."""
    columns = counted_columns(dataset, table)
    return SQL(_COUNT).format(
        raw=raw,
        force=force,
        table=Literal(table.name),
        filled=Literal(FILLED),
        blank=Literal(NO_VALUE),
        fewest=Literal(FEWEST_SHOWN),
        open_columns=Literal([column.name for column in columns if is_open(column)]),
        previous=SQL(", ").join(
            SQL("p.{} as {}").format(Identifier(name), Identifier(f"was {name}"))
            for name in ("is_tombstone", *(column.name for column in columns))
        ),
        values=SQL(", ").join(
            [
                changed_record(
                    Identifier("c", "was is_tombstone"), Identifier("c", "is_tombstone")
                ),
                *map(_changed, columns),
            ]
        ),
    )


def counted_columns(dataset: Dataset, table: Table) -> list[Column]:
    """Return the columns whose corrections are counted: all but the key and the cursor."""
    left_out = set(table.key)
    if isinstance(dataset.place, DatabasePlace):
        left_out.add(dataset.place.cursor)
    return [column for column in table.columns if column.name not in left_out]


def is_open(column: Column) -> bool:
    """Tell whether a column is declared to contain codes that its declaration does not list."""
    return column.category and not column.codes


def changed_values(column: Column, was: Composable, now: Composable) -> Composed:
    """Write an SQL row about one column of a changed record.

    The row has the column's name, the old and the new value as `audit.correction` shows them,
    whether the value has changed, and whether the change is a correction.
    """
    shown = _shown(column, was)
    is_correction: Composable = SQL("true")
    if column.provisional:
        provisional = SQL(", ").join(map(constant, column.provisional))
        is_correction = SQL("{} not in ({})").format(shown, provisional)
    return SQL("({}, {}, {}, {} is distinct from {}, {})").format(
        Literal(column.name), shown, _shown(column, now), was, now, is_correction
    )


def changed_record(was_gone: Composable, is_gone: Composable) -> Composed:
    """Write an SQL row like `changed_values`, but about whether the record itself vanished."""
    state = SQL("case when {} then 'vanished' else 'listed' end")
    return SQL("({}, {}, {}, {} <> {}, {})").format(
        Literal(RECORD), state.format(was_gone), state.format(is_gone), was_gone, is_gone, is_gone
    )


def _changed(column: Column) -> Composable:
    is_listed = SQL("not (c.{} or c.is_tombstone)").format(Identifier("was is_tombstone"))
    was, now = Identifier("c", f"was {column.name}"), Identifier("c", column.name)
    # If a record has vanished or returned, all its values differ from those before. Then the change
    # of each value is not counted. `changed_record` counts that the record vanished or returned.
    return changed_values(
        column,
        SQL("case when {} then {} end").format(is_listed, was),
        SQL("case when {} then {} end").format(is_listed, now),
    )


def _shown(column: Column, value: Composable) -> Composable:
    if column.is_category:
        return SQL("coalesce(({})::text, {})").format(value, Literal(NO_VALUE))
    return SQL("case when {} is null then {} else {} end").format(
        value, Literal(NO_VALUE), Literal(FILLED)
    )

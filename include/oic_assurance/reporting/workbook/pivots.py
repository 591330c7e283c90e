"""Compute what a pivot table shows, and where its parts are on the sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oic_assurance.reporting.workbook.description import Pivot

#: The row of the filter of a pivot table, and that of its first line. Both count from 0.
FILTER_ROW, TOP = 4, 6
TOTAL = "Grand Total"
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Computed:
    """A pivot table that was computed from the rows of its table.

    Attributes:
        items: For each field of the table that has items in the pivot table, its sorted values.
        rows: The items of the row field that have a row, in order.
        columns: The items of the column field that have a column. Empty without such a field.
        cells: The lines of the pivot table as they stand on the sheet, from its first header.
        header_rows: How many of the lines are headers.
        chosen: The value of the filter. It is the first one if the data do not have the wanted one.
    """

    pivot: Pivot
    items: Mapping[str, tuple[str, ...]]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Any, ...], ...]
    header_rows: int
    chosen: str | None

    @property
    def last_row(self) -> int:
        """The row of the grand total on the sheet, counted from 0."""
        return TOP + len(self.cells) - 1

    @property
    def last_column(self) -> int:
        """The last column on the sheet, counted from 0."""
        return len(self.cells[-1]) - 1


def compute(pivot: Pivot, rows: Rows) -> Computed:
    """Compute a pivot table of a table with rows. Excel computes the same when it refreshes."""
    fields = [pivot.rows, *filter(None, (pivot.columns, pivot.filter and pivot.filter[0]))]
    items = {field: tuple(sorted({row[field] for row in rows})) for field in fields}
    chosen = None
    if pivot.filter is not None:
        field, wanted = pivot.filter
        chosen = wanted if wanted in items[field] else items[field][0]
        rows = [row for row in rows if row[field] == chosen]
    own = _present(rows, pivot.rows)
    if pivot.columns is None:
        return Computed(pivot, items, own, (), _by_value(pivot, own, rows), 1, chosen)
    across = _present(rows, pivot.columns)
    return Computed(pivot, items, own, across, _by_column(pivot, own, across, rows), 2, chosen)


def _present(rows: Rows, field: str) -> tuple[str, ...]:
    return tuple(sorted({row[field] for row in rows}))


def _by_value(pivot: Pivot, own: Sequence[str], shown: Rows) -> tuple[tuple[Any, ...], ...]:
    """Return the lines of a pivot table with a column for each value, and one for the share."""
    titles = [*pivot.values, *(pivot.share or ())[:1]]

    def line(name: str, chosen: Rows) -> tuple[Any, ...]:
        sums = [sum(row[field] for row in chosen) for field in pivot.values.values()]
        if pivot.share is None:
            return (name, *sums)
        met, of = (sum(row[field] for row in chosen) for field in pivot.share[1:])
        return (name, *sums, met / of if of else None)

    body = (line(one, [row for row in shown if row[pivot.rows] == one]) for one in own)
    return ((pivot.rows, *titles), *body, line(TOTAL, shown))


def _by_column(
    pivot: Pivot, own: Sequence[str], across: Sequence[str], shown: Rows
) -> tuple[tuple[Any, ...], ...]:
    """Return the lines of a pivot table of one value, with a column for each item of a field."""
    [(title, field)] = pivot.values.items()

    def line(name: str, chosen: Rows) -> tuple[Any, ...]:
        cells = []
        for item in across:
            found = [row[field] for row in chosen if row[str(pivot.columns)] == item]
            cells.append(sum(found) if found else None)
        return (name, *cells, sum(row[field] for row in chosen))

    body = (line(one, [row for row in shown if row[pivot.rows] == one]) for one in own)
    return (
        (title, str(pivot.columns)),
        (pivot.rows, *across, TOTAL),
        *body,
        line(TOTAL, shown),
    )

"""How published figures changed from one publication to another, and why.

A publication lists how its figures differ from those of the publication with which it was compared
(`audit.build.compared_with`). That publication was compared with an earlier one, and so on. So one
line of publications leads from each publication back to the first.

The way from one publication to another goes back to the newest publication that is in the lines of
both, and then forward to the other. The changes that are listed on the part that goes back are
undone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.publishing.schemas import GENERATION, MARTS

#: The mart of restatements.
RESTATEMENT = "restatement"

_STEP = """
select
    {number}::bigint as publication_id, measure_code, period_start, org_unit_code, value_before,
    value_after, value_change::double precision as value_change, cause, record_count, step
from {place}
"""


@dataclass(frozen=True)
class Restated:
    """How a figure that had been published changed over several publications.

    Attributes:
        before, after: The first and the last published figure of the month.
        causes: For each cause, the change that it alone made, and its number of records. The change
            is None if the figure had no value before or after the change. The changes of all causes
            add up to the difference between `before` and `after`.
    """

    measure_code: str
    month: date
    org_unit_code: str
    before: float | None
    after: float | None
    causes: Mapping[str, tuple[float | None, int]]


def way(
    compared_with: Mapping[int, int | None], earlier: int | None, later: int
) -> list[tuple[int, bool]]:
    """Return the way from the publication `earlier` to the publication `later`.

    Each item is a publication, and whether the changes that it lists are applied (True) or undone
    (False). `compared_with` says for each publication with which one it was compared. If `earlier`
    is None, the way begins at the first publication.
    """
    back = _line(compared_with, earlier)
    there = _line(compared_with, later)
    common = last_common(compared_with, earlier, later)
    undone = back[: back.index(common)] if common is not None else back
    done = there[: there.index(common)] if common is not None else there
    return [(number, False) for number in undone] + [(number, True) for number in reversed(done)]


def last_common(compared_with: Mapping[int, int | None], one: int | None, other: int) -> int | None:
    """Return the newest publication that is in the lines of both publications, or None."""
    there = _line(compared_with, other)
    return next((number for number in _line(compared_with, one) if number in there), None)


def _line(compared_with: Mapping[int, int | None], number: int | None) -> list[int]:
    """Return the line from a publication back to the first publication, newest first."""
    line: list[int] = []
    while number is not None and number not in line:
        line.append(number)
        number = compared_with.get(number)
    return line


def read_compared_with(conn: psycopg.Connection[Any]) -> dict[int, int | None]:
    """Return for each publication the one that it was compared with, or None."""
    rows = conn.cursor().execute(
        "select b.build_id, b.compared_with from audit.build as b"
        " inner join marts.publication as p on b.build_id = p.publication_id"
    )
    return {int(number): before for number, before in rows.fetchall()}


def kept_restatements(conn: psycopg.Connection[Any]) -> set[int]:
    """Return the publications whose restatements are kept."""
    pattern = re.compile(re.escape(MARTS.partition(RESTATEMENT, 0)[:-1]) + r"(\d+)")
    tables = conn.cursor().execute(
        "select tablename from pg_catalog.pg_tables where schemaname = %s", (GENERATION,)
    )
    return {int(found[1]) for (name,) in tables if (found := pattern.fullmatch(name))}


def read_restatements(
    conn: psycopg.Connection[Any], publications: Sequence[int], org_unit_code: str | None = None
) -> list[dict[str, Any]]:
    """Return the restatements of publications whose tables are kept, in the order of their steps.

    With `org_unit_code`, returns only those of one unit; `ALL` is the whole force.
    """
    if not publications:
        return []
    steps = sql.SQL(" union all ").join(
        sql.SQL(_STEP).format(
            number=sql.Literal(number),
            place=sql.Identifier(GENERATION, MARTS.partition(RESTATEMENT, number)),
        )
        for number in publications
    )
    query = sql.SQL(
        "select * from ({steps}) as change"
        " where %(unit)s::text is null or change.org_unit_code = %(unit)s::text"
        " order by publication_id, measure_code, period_start, org_unit_code, step"
    ).format(steps=steps)
    with conn.cursor(row_factory=dict_row) as reader:
        return reader.execute(query, {"unit": org_unit_code}).fetchall()


def restated_figures(
    rows: Sequence[Mapping[str, Any]], steps: Sequence[tuple[int, bool]]
) -> list[Restated]:
    """Add up the restatements on a way between two publications, for each figure.

    `rows` are all restatements that are kept. `steps` is the way that `way` returns. A figure that
    has its first value again is listed too, because readers saw another value in between.
    """
    of_publication: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        of_publication.setdefault(row["publication_id"], []).append(row)
    figures: dict[tuple[str, date, str], list[Mapping[str, Any]]] = {}
    for number, is_done in steps:
        for row in of_publication.get(number, []):
            change = row if is_done else _reversed(row)
            key = (row["measure_code"], row["period_start"], row["org_unit_code"])
            figures.setdefault(key, []).append(change)
    return [_added(figures[key]) for key in sorted(figures)]


def _reversed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    change = row["value_change"]
    return {
        **row,
        "value_before": row["value_after"],
        "value_after": row["value_before"],
        "value_change": None if change is None else -change,
    }


def _added(rows: Sequence[Mapping[str, Any]]) -> Restated:
    causes: dict[str, tuple[float | None, int]] = {}
    for row in rows:
        change, records = causes.get(row["cause"], (0.0, 0))
        known = row["value_change"] is not None and change is not None
        added = float(row["value_change"]) + (change or 0.0) if known else None
        causes[row["cause"]] = (added, records + row["record_count"])
    first, last = rows[0], rows[-1]
    return Restated(
        measure_code=first["measure_code"],
        month=first["period_start"],
        org_unit_code=first["org_unit_code"],
        before=first["value_before"],
        after=last["value_after"],
        causes=causes,
    )

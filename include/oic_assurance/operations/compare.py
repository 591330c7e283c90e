"""What differs between two publications, and why. The comparison of tables is here too.

`preview.py` and `reproduce.py` compare a publication with one that is computed again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.builds.declared import unit_of
from oic_assurance.clock import london_day
from oic_assurance.errors import UnknownNameError
from oic_assurance.operations.explain.publication_records import find
from oic_assurance.publishing.publication import ROLE, Publication, get_publication
from oic_assurance.publishing.restated import (
    Restated,
    kept_restatements,
    last_common,
    read_compared_with,
    read_restatements,
    restated_figures,
    way,
)
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

#: A row of a query, keyed by column.
Row = dict[str, Any]

_DIFFERENCE = """
select
    {names}, {values}, {shown}
    old.{first} is not null as in_before, new.{first} is not null as in_after,
    {is_equal} as is_equal
from {before} as old
full join {after} as new using ({key})
where {every_row} or not {is_equal}
order by {key}
limit {limit}
"""


def difference(
    conn: psycopg.Connection,
    before: sql.Composable,
    after: sql.Composable,
    key: Sequence[str],
    values: Sequence[str],
    *,
    every_row: bool = False,
    as_text: bool = False,
    shown: Sequence[str] = (),
    limit: int | None = None,
) -> list[Row]:
    """Return a row for each key whose values differ in two tables, in the order of the keys.

    Each has the columns of the key, `…_before` and `…_after` for each value, and whether it is
    `in_before`, `in_after`, and `is_equal`. `before` and `after` are tables or
    queries in brackets.

    The columns `shown` are returned as texts and not compared. A table of an earlier version may
    lack them.

    With `every_row`, rows that are equal are returned too. With `as_text`, values are compared and
    returned as text, as in fingerprints, so even the last digit of a number counts, and a row that
    only one table has always differs.
    """
    kind = sql.SQL("::text" if as_text else "")
    compared = [*key, *values] if as_text else list(values)
    old, new = (
        sql.SQL("row({}){}").format(
            sql.SQL(", ").join(sql.Identifier(side, name) for name in compared), kind
        )
        for side in ("old", "new")
    )
    query = sql.SQL(_DIFFERENCE).format(
        names=sql.SQL(", ").join(
            sql.SQL("{}{} as {}").format(sql.Identifier(name), kind, sql.Identifier(name))
            for name in key
        ),
        values=sql.SQL(", ").join(
            sql.SQL("{}{} as {}").format(
                sql.Identifier(side, name), kind, sql.Identifier(f"{name}_{when}")
            )
            for name in values
            for side, when in (("old", "before"), ("new", "after"))
        ),
        shown=sql.SQL("").join(
            sql.SQL("to_jsonb({}) ->> {} as {}, ").format(
                sql.Identifier(side), sql.Literal(name), sql.Identifier(f"{name}_{when}")
            )
            for name in shown
            for side, when in (("old", "before"), ("new", "after"))
        ),
        first=sql.Identifier(key[0]),
        is_equal=sql.SQL("({} is not distinct from {})").format(old, new),
        before=before,
        after=after,
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        every_row=sql.Literal(every_row),
        limit=sql.Literal(limit),
    )
    return conn.cursor(row_factory=dict_row).execute(query).fetchall()


# ---------------------------------------------------------------- two publications

#: Differences below this are rounding.
NOTHING = 1e-9

#: The key and the values of the position, and those of a figure.
POSITION = (("force_code", "point_code"), ("status", "numerator", "denominator", "value"))
FIGURE = (
    ("force_code", "measure_code", "period_start", "org_unit_code"),
    ("value", "numerator", "denominator"),
)


# Of a record whose marking rose, nobody may see that it existed.
_ERASURES = """
select erased.erased_at, erased.dataset, erased.records, erased.reason
from audit.erasure as erased
cross join (
    select min(started_at) as began, max(started_at) as ended
    from audit.build
    where build_id = any(%(builds)s)
) as built
where erased.force_code = %(force)s and erased.kind <> 'marking'
    and erased.erased_at > built.began and erased.erased_at <= built.ended
order by erased.erasure_id
"""

_VERDICTS = """
select publication_id, point_code, verdict_words
from audit.published_position
where publication_id = any(%s) and verdict_words is not null
order by publication_id, point_code
"""


@dataclass(frozen=True)
class FigureChange:
    """A figure of one month that differs between two publications.

    Attributes:
        month: The first day of the month.
        numerator_before, denominator_before, numerator_after, denominator_after: They can differ
            although the value is the same, as 1 of 2 and 2 of 4 do. The denominator is None if a
            publication lacks the figure, and the numerator also if it is not a share.
        was_over: Whether the month was already over as at both publications, and as at the last
            publication that both come from (`last_common`). If it was, only a restatement can
            change the figure.
        causes: For each cause of restatement, the change that it alone made and its number of
            records.
        by_time: The part of the change that no cause accounts for. A month that was not over has
            such a part, because its figure changes from day to day. None if it cannot be computed,
            because one publication lacks the figure or the change by a cause is not known.
    """

    measure_code: str
    month: date
    org_unit_code: str
    before: float | None
    numerator_before: int | None
    denominator_before: int | None
    after: float | None
    numerator_after: int | None
    denominator_after: int | None
    was_over: bool
    causes: Mapping[str, tuple[float | None, int]]
    by_time: float | None

    @property
    def unit_of_value(self) -> str:
        """The unit of the values."""
        return unit_of(self.measure_code)

    @property
    def is_explained(self) -> bool:
        """Tell whether the causes account for the whole change.

        If the month was not over, the change needs no cause. If `by_time` is None, one cause is
        enough.
        """
        if not self.was_over or self.before == self.after:
            return True
        if self.by_time is None:
            return bool(self.causes)
        return abs(self.by_time) < NOTHING


class Key(NamedTuple):
    """What names a figure in a publication."""

    measure_code: str
    month: date
    org_unit_code: str


@dataclass(frozen=True)
class Comparison:
    """Two publications, and everything that differs between them.

    Attributes:
        points: The `difference` of the positions, with a row for each point.
        way: The publications whose restatements lead from one to the other.
        not_kept: The publications on this way whose tables are no longer kept. So the causes that
            they listed are not known.
        not_compared: Figures that only one publication shows, because the other has no figure of
            their unit, or none of their measure for their month.
        erasures: The erasures between the two builds: when, how many records of which dataset, and
            why. Figures count what was erased as deleted.
        verdicts: For each publication on the way and each point, why its verdict changed.
    """

    before: Publication
    after: Publication
    points: Sequence[Row]
    figures: Sequence[FigureChange]
    way: Sequence[int]
    not_kept: Sequence[int]
    not_compared: Sequence[Key] = ()
    verdicts: Sequence[Row] = ()
    erasures: Sequence[Row] = ()

    @property
    def is_explained(self) -> bool:
        """Tell whether the causes account for every changed figure of a month that was over."""
        return all(one.is_explained for one in self.figures)


def compare(
    settings: Settings, before: int, after: int, org_unit_code: str | None = "ALL"
) -> Comparison:
    """Return what differs between two publications, and why.

    `org_unit_code` limits the figures to those of one unit. `ALL` stands for the whole force. With
    None, the figures of every unit are compared. If `after` is the older publication, the changes
    by each cause have the opposite sign.

    Raises:
        UsageError: There is no such publication, or neither has a figure of the unit.
        AssuranceError: The tables of one of the two publications are no longer kept.
    """
    first, second = find(settings, before), find(settings, after)
    with connect(settings, role=ROLE) as conn:
        conn.execute("set transaction isolation level repeatable read, read only")
        old, new = (
            sql.Identifier(GENERATION, MARTS.partition("assurance_measure", number))
            for number in (before, after)
        )
        rows = difference(conn, old, new, *FIGURE, every_row=True)
        known = {row["org_unit_code"] for row in rows}
        if org_unit_code is not None and org_unit_code not in known:
            raise UnknownNameError("unit", org_unit_code, sorted(known), "in either of them")
        compared_with = read_compared_with(conn)
        steps = way(compared_with, before, after)
        kept = {number for number, _ in steps} & kept_restatements(conn)
        restatements = read_restatements(conn, sorted(kept), org_unit_code)
        restated = restated_figures(restatements, steps)
        common = last_common(compared_with, before, after)
        moments = [first.as_at, second.as_at]
        if common is not None:
            moments.append(get_publication(conn, common).as_at)
        asked = {_key(row): row for row in rows if org_unit_code in (None, row["org_unit_code"])}
        # Both publications have figures of these months, and of these units.
        in_both = [[_key(row) for row in rows if row[side]] for side in ("in_before", "in_after")]
        months = set.intersection(*({one[:2] for one in keys} for keys in in_both))
        units = set.intersection(*({one[2] for one in keys} for keys in in_both))
        both = {key for key in asked if key[:2] in months and key[2] in units}
        published = "(select * from audit.published_position where publication_id = {})"
        then, now = (sql.SQL(published).format(number) for number in (before, after))
        return Comparison(
            before=first,
            after=second,
            points=difference(conn, then, now, *POSITION, every_row=True, shown=("figure_period",)),
            verdicts=conn.cursor(row_factory=dict_row)
            .execute(_VERDICTS, [[number for number, _ in steps]])
            .fetchall(),
            figures=_figures([asked[key] for key in sorted(both)], min(moments), restated),
            way=[number for number, _ in steps],
            not_kept=sorted({number for number, _ in steps} - kept),
            not_compared=sorted(asked.keys() - both),
            erasures=conn.cursor(row_factory=dict_row)
            .execute(_ERASURES, {"builds": [before, after], "force": settings.force_code})
            .fetchall(),
        )


def _key(row: Row) -> Key:
    return Key(row["measure_code"], row["period_start"], row["org_unit_code"])


def _figures(
    rows: Sequence[Row], earliest: datetime, restated: Sequence[Restated]
) -> list[FigureChange]:
    why = {(one.measure_code, one.month, one.org_unit_code): one for one in restated}
    today = london_day(earliest)
    changes = []
    for row in rows:
        key, before, after = _key(row), row["value_before"], row["value_after"]
        causes = why[key].causes if key in why else {}
        is_in_both = row["in_before"] and row["in_after"]
        if (row["is_equal"] if is_in_both else before == after) and not causes:
            continue
        made = [change for change, _ in causes.values()]
        rest = None
        if before is not None and after is not None and None not in made:
            rest = after - before - sum(change for change in made if change is not None)
        changes.append(
            FigureChange(
                *key,
                *(before, row["numerator_before"], row["denominator_before"]),
                *(after, row["numerator_after"], row["denominator_after"]),
                was_over=(key.month.year, key.month.month) < (today.year, today.month),
                causes=causes,
                by_time=rest,
            )
        )
    return changes

"""What changed between any two publications, and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple

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

#: Differences below this are rounding.
NOTHING = 1e-9

#: The positions of two publications, or before and after a change.
POSITIONS: LiteralString = """
select
    point_code,
    old.status as status_before, new.status as status_after,
    old.numerator as numerator_before, new.numerator as numerator_after,
    old.denominator as denominator_before, new.denominator as denominator_after,
    old.value as value_before, new.value as value_after,
    (old.status, old.numerator, old.denominator, old.value)
        is not distinct from (new.status, new.numerator, new.denominator, new.value) as is_equal
from {old} as old
full join {new} as new using (force_code, point_code)
order by point_code
"""
_PUBLISHED = "(select * from audit.published_position where publication_id = {})"
_FIGURES = """
select measure_code, period_start, org_unit_code, value, numerator, denominator
from {place}
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


#: Value, numerator and denominator.
Figure = tuple[float | None, int | None, int | None]


@dataclass(frozen=True)
class Comparison:
    """Two publications, and everything that differs between them.

    Attributes:
        points: A row of `POSITIONS` for each point.
        way: The publications whose restatements lead from one to the other.
        not_kept: The publications on this way whose tables are no longer kept. So the causes that
            they listed are not known.
        not_compared: Figures that only one publication shows, because the other has no figure of
            their unit, or none of their measure for their month.
    """

    before: Publication
    after: Publication
    points: Sequence[Mapping[str, Any]]
    figures: Sequence[FigureChange]
    way: Sequence[int]
    not_kept: Sequence[int]
    not_compared: Sequence[Key] = ()

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
        old, new = _values(conn, before), _values(conn, after)
        known = {key.org_unit_code for key in (*old, *new)}
        if org_unit_code is not None and org_unit_code not in known:
            raise UnknownNameError("unit", org_unit_code, sorted(known), "in either of them")
        compared_with = read_compared_with(conn)
        steps = way(compared_with, before, after)
        kept = {number for number, _ in steps} & kept_restatements(conn)
        rows = read_restatements(conn, sorted(kept), org_unit_code)
        restated = restated_figures(rows, steps)
        common = last_common(compared_with, before, after)
        moments = [first.as_at, second.as_at]
        if common is not None:
            moments.append(get_publication(conn, common).as_at)
        months = {key[:2] for key in old} & {key[:2] for key in new}
        units = {key[2] for key in old} & {key[2] for key in new}
        asked = {key for key in old.keys() | new.keys() if org_unit_code in (None, key[2])}
        both = {key for key in asked if key[:2] in months and key[2] in units}
        return Comparison(
            before=first,
            after=second,
            points=conn.cursor(row_factory=dict_row)
            .execute(
                sql.SQL(POSITIONS).format(
                    old=sql.SQL(_PUBLISHED).format(before), new=sql.SQL(_PUBLISHED).format(after)
                )
            )
            .fetchall(),
            figures=_figures(old, new, both, min(moments), restated),
            way=[number for number, _ in steps],
            not_kept=sorted({number for number, _ in steps} - kept),
            not_compared=sorted(asked - both),
        )


def _figures(
    old: Mapping[Key, Figure],
    new: Mapping[Key, Figure],
    both: Collection[Key],
    earliest: datetime,
    restated: Sequence[Restated],
) -> list[FigureChange]:
    why = {(one.measure_code, one.month, one.org_unit_code): one for one in restated}
    changes = []
    for key in sorted(both):
        before, after = old.get(key, (None, None, None)), new.get(key, (None, None, None))
        causes = why[key].causes if key in why else {}
        is_same = before == after if key in old and key in new else before[0] == after[0]
        if is_same and not causes:
            continue
        was_over, rest = _is_over(key[1], earliest), _rest(before[0], after[0], causes)
        changes.append(FigureChange(*key, *before, *after, was_over, causes, rest))
    return changes


def _values(conn: psycopg.Connection, number: int) -> dict[Key, Figure]:
    """Return value and counts of a publication's figures, keyed by measure, month and unit."""
    place = sql.Identifier(GENERATION, MARTS.partition("assurance_measure", number))
    rows = conn.execute(sql.SQL(_FIGURES).format(place=place)).fetchall()
    return {Key(*row[:3]): row[3:] for row in rows}


def _is_over(month: date, as_at: datetime) -> bool:
    today = london_day(as_at)
    return (month.year, month.month) < (today.year, today.month)


def _rest(
    before: float | None, after: float | None, causes: Mapping[str, tuple[float | None, int]]
) -> float | None:
    changes = [change for change, _ in causes.values()]
    if before is None or after is None or None in changes:
        return None
    return after - before - sum(change for change in changes if change is not None)

"""Record every figure that was ever released to the public, and compare new figures with them.

Each release is compared with all earlier releases (see docs/explanation/disclosure-control.md). So
the transaction that makes a release also records its figures. They are never deleted, because even
the files of a withdrawn release cannot be taken back.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.warehouse.rows import one_value

# Finds the measures and periods for which the whole force's figure differs from the last released
# one, or was never released. For these, the figures of all units are recorded.
_NEW = """
select shown.force_code, shown.measure_code, shown.period_start, shown.period_end
from {shown} as shown
left join lateral (
    select released.numerator, released.denominator
    from audit.released_figure as released
    where released.force_code = shown.force_code
        and released.measure_code = shown.measure_code
        and released.period_start = shown.period_start
        and released.period_end = shown.period_end
        and released.org_unit_code = 'ALL'
    order by released.release_id desc
    limit 1
) as latest on true
where shown.org_unit_code = 'ALL'
    and (shown.numerator, shown.denominator)
        is distinct from (latest.numerator, latest.denominator)
"""

_RECORD = """
insert into audit.released_figure (
    release_id, force_code, measure_code, period_start, period_end, org_unit_code, numerator,
    denominator
)
select %s, shown.force_code, shown.measure_code, shown.period_start, shown.period_end,
    shown.org_unit_code, shown.numerator, shown.denominator
from {shown} as shown
inner join ({new}) as new using (force_code, measure_code, period_start, period_end)
"""

_UNSEEN = """
select max(released.release_id)
from audit.released_figure as released
where released.released_at > (select known_at from audit.build where build_id = %s)
"""

_SHOWN = """
select shown.force_code, shown.measure_code, public_measure.counted_as, shown.period_start::text,
    shown.period_end::text, shown.org_unit_code, shown.numerator,
    shown.denominator - shown.numerator as rest, null::bigint as release_id
from {shown} as shown
inner join policy.policy_public_measure as public_measure
    on shown.measure_code = public_measure.measure_code
    and shown.period_start
        between public_measure.effective_from and coalesce(public_measure.effective_to, 'infinity')
"""

_RELEASED = """
select force_code, measure_code, '' as counted_as, period_start::text, period_end::text,
    org_unit_code, numerator, denominator - numerator as rest, release_id
from audit.released_figure
order by release_id
"""

_THRESHOLD = """
select threshold.value::int
from policy.policy_threshold as threshold
inner join audit.build as build on build.build_id = %s
where threshold.name = 'suppression_threshold'
    and (build.as_at at time zone 'Europe/London')::date
        between threshold.effective_from and coalesce(threshold.effective_to, 'infinity')
"""

ALL = "ALL"


@dataclass(frozen=True)
class Figure:
    """One figure, for a force, a measure, a period and a unit.

    `rest` is the denominator minus the numerator. The first and last days of periods are ISO 8601
    strings. `release_id` is the release that first showed the figure, or None if it is not yet
    released.
    """

    force_code: str
    measure_code: str
    counted_as: str
    period_start: str
    period_end: str
    org_unit_code: str
    numerator: int
    rest: int
    release_id: int | None

    @property
    def series(self) -> tuple[str, str]:
        """Return the force and the measure, which identify a series."""
        return self.force_code, self.measure_code

    @property
    def period(self) -> tuple[str, str]:
        """Return the period's first and last day."""
        return self.period_start, self.period_end

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the numerator and the denominator minus the numerator."""
        return self.numerator, self.rest

    @property
    def place(self) -> str:
        """Return measure, period and unit in words, for messages."""
        return f"{self.measure_code} {self.period_start} to {self.period_end} {self.org_unit_code}"


def record_released(
    conn: psycopg.Connection, shown: sql.Identifier, build_id: int, release_id: int
) -> int:
    """Record the figures that a release is the first to show, and return how many were recorded.

    `shown` is the build's table of figures for each period. `build_id` is the ID of the build, and
    so of the publication, from which the release is made.

    Raises:
        NotPublishableError: Another release has shown figures since the build was opened, so the
            build did not take them into account. Or the figures break the rule of disclosure
            control (see `contradictions`). For example, a figure differs so little from an earlier
            release that a reader could find a hidden number by subtraction.
    """
    new = sql.SQL(_NEW).format(shown=shown)
    has_new = one_value(conn, sql.SQL("select exists ({})").format(new))
    unseen = one_value(conn, _UNSEEN.encode(), (build_id,))
    if has_new and unseen is not None:
        raise NotPublishableError(
            f"release {unseen} was made after this publication was computed, so its figures do not "
            "take that release into account: a new run is needed"
        )
    smallest = one_value(conn, _THRESHOLD.encode(), (build_id,))
    now = _read(conn, sql.SQL(_SHOWN).format(shown=shown))
    found = contradictions(now, _read(conn, sql.SQL(_RELEASED)), smallest)
    if found:
        raise NotPublishableError(f"disclosure control does not allow it: {found[0]}")
    query = sql.SQL(_RECORD).format(shown=shown, new=new)
    return conn.execute(query, (release_id,)).rowcount


def contradictions(shown: list[Figure], released: list[Figure], smallest: int) -> list[str]:
    """Return a description of each way in which figures break the rule of disclosure control.

    The dbt models choose the figures with the same rule, and the gate checks the chosen figures.
    This function is the last check before figures are released. It is written independently of the
    models and of the gate's checks. `released` holds the figures of all earlier releases in release
    order. `smallest` is the smallest number above 0 that may be shown. A figure that is repeated
    exactly as it was released is not checked.
    """
    known = {(f.series, f.period, f.org_unit_code, f.numbers) for f in released}
    new = [f for f in shown if (f.series, f.period, f.org_unit_code, f.numbers) not in known]
    return [
        *_small(new, smallest),
        *_overlapping(new, released),
        *_units_alone(new, shown, released),
        *_small_revisions(new, shown, released, smallest),
        *_small_steps_of_people(new, shown, released, smallest),
    ]


def _read(conn: psycopg.Connection, query: sql.SQL | sql.Composed) -> list[Figure]:
    return conn.cursor(row_factory=class_row(Figure)).execute(query).fetchall()


def _is_small(number: int, smallest: int) -> bool:
    return 0 < abs(number) < smallest


def _small(new: list[Figure], smallest: int) -> list[str]:
    return [
        f"{figure.place} has a number from 1 to {smallest - 1}"
        for figure in new
        if any(_is_small(number, smallest) for number in figure.numbers)
    ]


def _overlapping(new: list[Figure], released: list[Figure]) -> list[str]:
    """Find new figures whose period overlaps another period of the measure that was released.

    Days are compared as ISO 8601 strings.
    """
    return [
        f"{figure.place} overlaps the released period {old.period_start} to {old.period_end}"
        for figure in new
        for old in released
        if figure.series == old.series
        and figure.period != old.period
        and figure.period_start <= old.period_end
        and old.period_start <= figure.period_end
    ]


def _units_alone(new: list[Figure], shown: list[Figure], released: list[Figure]) -> list[str]:
    """Find new unit figures for periods in which the whole force has no figure or no new one.

    A period's figures are recorded only if the whole force's figure is new. So these unit figures
    would be released without being recorded.
    """
    latest = {(f.series, f.period): f.numbers for f in released if f.org_unit_code == ALL}
    recorded = {
        (f.series, f.period)
        for f in shown
        if f.org_unit_code == ALL and latest.get((f.series, f.period)) != f.numbers
    }
    return [
        f"{figure.place} is new, but the figure of the force is not"
        for figure in new
        if (figure.series, figure.period) not in recorded
    ]


def _small_revisions(
    new: list[Figure], shown: list[Figure], released: list[Figure], smallest: int
) -> list[str]:
    """Find changed figures that differ by a small number from a release of the same period.

    A figure that counts people must not change at all. The figures are compared with every release
    of the period. Unit figures are compared only with releases that show units. If a unit appears
    only in the new or only in the earlier figures, its numbers count as 0 in the others.
    """
    found = []
    now = _by_period(shown)
    for series, period in sorted({(f.series, f.period) for f in new}):
        units = now[series, period]
        if ALL not in units:
            continue
        for release_id, before in _releases_of(released, series, period).items():
            both_have_units = len(units) > 1 and len(before) > 1
            for unit in sorted({*units, *before}) if both_have_units else [ALL]:
                counted_as, numbers = units.get(unit, (units[ALL][0], (0, 0)))
                steps = _steps(numbers, before.get(unit, (0, 0)))
                if counted_as == "people" and any(steps):
                    found.append(f"{series[1]} {period[0]} {unit} of people is revised")
                elif any(_is_small(step, smallest) for step in (*steps, sum(steps))):
                    found.append(
                        f"{series[1]} {period[0]} to {period[1]} {unit} differs from release "
                        f"{release_id} by a number from 1 to {smallest - 1}"
                    )
    return found


def _small_steps_of_people(
    new: list[Figure], shown: list[Figure], released: list[Figure], smallest: int
) -> list[str]:
    """Find new month-end numbers of people that differ by a small number from an earlier month end.

    The whole force is compared with the last earlier month end that was ever shown. Units are
    compared with the last earlier month end that shows units.
    """
    found = []
    ever = _by_period([*released, *shown])
    for series, period in sorted({(f.series, f.period) for f in new if f.counted_as == "people"}):
        earlier = [then for one, then in ever if one == series and then[1] < period[1]]
        with_units = [then for then in earlier if len(ever[series, then]) > 1]
        compared = [(ALL, max(earlier, key=_last_day))] if earlier else []
        if with_units and len(ever[series, period]) > 1:
            then = max(with_units, key=_last_day)
            units = {*ever[series, period], *ever[series, then]} - {ALL}
            compared += [(unit, then) for unit in units]
        for unit, then in sorted(compared):
            steps = _steps(
                *(ever[series, one].get(unit, ("", (0, 0)))[1] for one in (period, then))
            )
            if any(_is_small(step, smallest) for step in steps):
                found.append(
                    f"{series[1]} {period[0]} {unit} differs from {then[0]} by a number from 1 to "
                    f"{smallest - 1}"
                )
    return found


def _last_day(period: tuple[str, str]) -> str:
    return period[1]


def _steps(now: tuple[int, int], before: tuple[int, int]) -> tuple[int, int]:
    return now[0] - before[0], now[1] - before[1]


def _by_period(
    figures: list[Figure],
) -> dict[tuple[tuple[str, str], tuple[str, str]], dict[str, tuple[str, tuple[int, int]]]]:
    """Return what each unit's figure counts and its numbers, keyed by series and period."""
    found: dict[
        tuple[tuple[str, str], tuple[str, str]], dict[str, tuple[str, tuple[int, int]]]
    ] = {}
    for figure in figures:
        units = found.setdefault((figure.series, figure.period), {})
        units[figure.org_unit_code] = (figure.counted_as, figure.numbers)
    return found


def _releases_of(
    released: list[Figure], series: tuple[str, str], period: tuple[str, str]
) -> dict[int | None, dict[str, tuple[int, int]]]:
    """Return, for each release that showed new figures for a period, the numbers of each unit."""
    found: dict[int | None, dict[str, tuple[int, int]]] = {}
    for figure in released:
        if (figure.series, figure.period) == (series, period):
            found.setdefault(figure.release_id, {})[figure.org_unit_code] = figure.numbers
    return found

"""Attack the public releases: a solver cannot compute a withheld number from released numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from psycopg import sql

from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.released_figures import record_released
from oic_assurance.settings import Settings, load_settings
from oic_assurance.state.apply import apply_state
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.migrate import migrate
from tests.databases import MODELS_DATABASE, temporary_warehouse
from tests.integration.publishing.disclosure_series import (
    CHECKS,
    EVENTS,
    PEOPLE,
    POINTS,
    RELEASES,
    UNITS,
    Force,
    Position,
    Released,
    make_force,
    prepare,
    release,
)
from tests.oracle.attacker import Attacker, Cell, ReleasedNumber
from tests.oracle.disclosure import (
    ALL,
    Figure,
    Releases,
    added,
    may_be_shown,
    second_reading,
    status,
)
from tests.oracle.test_disclosure import small_steps

K = 5
FORCES = [make_force(number) for number in range(24)]
# The solver is slow, so it attacks only half of the forces. Among these are forces with many
# records and forces with few.
ATTACKED = FORCES[:12]

Series = list[Released]


@pytest.fixture(scope="module")
def warehouse(home: object) -> Iterator[Settings]:
    settings = load_settings()
    with temporary_warehouse(MODELS_DATABASE):
        migrate(settings)
        apply_state(settings)
        prepare(settings)
        yield settings


@pytest.fixture(scope="module")
def series(warehouse: Settings) -> Series:
    return [release(warehouse, number, FORCES) for number in range(RELEASES)]


def test_the_series_has_every_kind_of_change(series: Series) -> None:
    """The releases must contain every case that could reveal a withheld number.

    Records arrive late, are deleted or are corrected. Some districts are hidden, some periods have
    several months, and some figures are revised.
    """
    last = series[-1].periods
    assert {force.only_arrivals for force in FORCES} == {True, False}
    assert any(r.gone_by < RELEASES for force in FORCES for r in force.records)
    assert any(
        end > start for (_, m), periods in last.items() if m == EVENTS for start, end in periods
    )
    for measure in (EVENTS, PEOPLE):
        shown = [periods for (_, m), periods in last.items() if m == measure]
        assert any(len(units) > 1 for periods in shown for units in periods.values())
        assert any(len(units) == 1 for periods in shown for units in periods.values())
    assert len(revisions(series)) > 10


def test_each_release_follows_the_rule(series: Series) -> None:
    for force in FORCES:
        events, checks, people = Releases(K), Releases(K), Releases(K)
        for number, released in enumerate(series):
            months = force.months(number)
            expected = events.release_events(months)
            assert released.periods.get((force.code, EVENTS), {}) == expected, force.code
            expected = checks.release_events(force.months(number, is_check=True))
            assert released.periods.get((force.code, CHECKS), {}) == expected, force.code
            expected = people.release_people(months)
            assert released.periods.get((force.code, PEOPLE), {}) == expected, force.code


def test_the_other_tables_reveal_nothing_more(series: Series) -> None:
    """Months and positions are released periods, and sums of them, and nothing else."""
    for released in series:
        alone = {
            (force, measure, period[0], unit, figure)
            for (force, measure), periods in released.periods.items()
            for period, units in periods.items()
            for unit, figure in units.items()
            if period[0] == period[1] and unit != "REST"
        }
        assert set(released.months) == alone
        for (force, point), position in released.positions.items():
            measure = next(m for m, p in POINTS.items() if p == point)
            assert added(shown_within(released, force, measure, position)) == position.figure


def shown_within(released: Released, force: str, measure: str, position: Position) -> list[Figure]:
    """Return the released figures of a measure within the months of a position, in their order."""
    return [
        units[ALL]
        for (first, last), units in sorted(released.periods.get((force, measure), {}).items())
        if first >= position.first and last <= position.last
    ]


def test_a_second_reading_is_what_the_records_give_or_is_withheld(series: Series) -> None:
    """If records change their type, one measure may be revised before the other.

    The sum of both would then count a record twice, or not at all.
    """
    false_sums = 0
    for number, released in enumerate(series):
        for force in FORCES:
            position = released.positions.get((force.code, POINTS[EVENTS]))
            if position is None:
                continue
            first, checks = (
                shown_within(released, force.code, measure, position)
                for measure in (EVENTS, CHECKS)
            )
            recorded = added([
                added(list(month.values()))
                for is_check in (False, True)
                for month in force.months(number, is_check=is_check)[
                    position.first : position.last + 1
                ]
            ])  # fmt: skip
            assert position.second == second_reading(first, checks, recorded), force.code
            assert position.second in (None, recorded)
            months = [
                month
                for start, end in released.periods.get((force.code, CHECKS), {})
                for month in range(start, end + 1)
                if position.first <= start and end <= position.last
            ]
            are_the_same = len(months) == position.last - position.first + 1
            false_sums += are_the_same and added([*first, *checks]) != recorded
    assert any(one.second for released in series for one in released.positions.values())
    assert false_sums > 10


def test_a_status_follows_from_released_figures_alone(series: Series) -> None:
    found = set()
    for released in series:
        for (force, point), position in released.positions.items():
            measure = next(m for m, p in POINTS.items() if p == point)
            units = [shown[ALL] for _, shown in sorted(released.periods[force, measure].items())]
            periods = units if measure == EVENTS else []
            assert position.status == status(periods, position.figure), (force, point)
            found.add(position.status)
    assert {"slipping", "in_progress"} <= found


def test_the_table_of_revisions_is_complete_and_reveals_nothing_more(series: Series) -> None:
    """Each of its numbers is in two releases anyway, and no difference of them is small."""
    rows = [(number, row) for number, one in enumerate(series) for row in one.revisions]
    assert len(rows) > 10
    assert {row.measure for _, row in rows} == {EVENTS, CHECKS}
    for number, row in rows:
        now, before = (
            series[place].periods[row.force, row.measure][row.period]
            for place in (number, row.release_before)
        )
        assert row.release_before < number
        assert (now[row.unit], before[row.unit]) == (row.now, row.before)
        assert small_steps({ALL: row.before}, {ALL: row.now}, K) == []
    listed = [
        (row.force, row.period) for _, row in rows if (row.measure, row.unit) == (EVENTS, ALL)
    ]
    assert sorted(listed) == sorted(revisions(series))


@pytest.mark.slow
@pytest.mark.parametrize("only_arrivals", [False, True], ids=["any change", "only arrivals"])
def test_a_solver_recovers_no_withheld_number(series: Series, only_arrivals: bool) -> None:
    guesses = [
        guess
        for force in attacked(only_arrivals)
        for guess in guesses_of(force, released_numbers(series, force), only_arrivals=only_arrivals)
    ]

    assert len(guesses) > 100
    assert [guess for guess in guesses if guess.is_found] == []


@pytest.mark.slow
@pytest.mark.parametrize("only_arrivals", [False, True], ids=["any change", "only arrivals"])
def test_the_solver_recovers_numbers_that_primary_suppression_withholds(
    only_arrivals: bool,
) -> None:
    """The attack does find numbers if a release withholds only the small numbers.

    Disclosure control must also withhold numbers from which small numbers could be computed.
    """
    guesses = [
        guess
        for force in attacked(only_arrivals)
        for guess in guesses_of(force, naively_released_numbers(force), only_arrivals=only_arrivals)
    ]

    assert any(guess.low == guess.high for guess in guesses)


def test_a_build_that_does_not_know_the_last_release_is_refused(
    series: Series, warehouse: Settings
) -> None:
    """Disclosure control compares a build with the releases that it knows.

    If a build did not know a newer release, a reader could subtract that release's figures from the
    build's figures and get a small number.
    """
    shown = sql.Identifier("candidate_public", "assurance_period")
    with connect(warehouse, role="oic_publish") as conn:
        row = conn.execute(
            "select min(publication_id), max(release_id) from audit.release"
        ).fetchone()
        assert row is not None
        assert record_released(conn, shown, row[0], row[1]) == 0
    with connect(warehouse, role="oic_transform") as conn:
        conn.execute("update candidate_public.assurance_period set numerator = numerator + 1")
    with (
        connect(warehouse, role="oic_publish") as conn,
        pytest.raises(NotPublishableError, match="was made after this publication was computed"),
    ):
        record_released(conn, shown, row[0], row[1])


def revisions(series: Series) -> list[tuple[str, tuple[int, int]]]:
    """Return the force and period of each figure that a later release has changed.

    Only figures that count events are considered.
    """
    return [
        (force, period)
        for one, other in pairwise(series)
        for (force, measure), periods in one.periods.items()
        if measure == EVENTS
        for period, units in periods.items()
        if other.periods[force, measure][period][ALL] != units[ALL]
    ]


def cells_of(force: Force) -> list[Cell]:
    return [
        Cell(number, month, unit, side)
        for number in range(RELEASES)
        for month in range(len(force.months(number)))
        for unit in UNITS
        for side in (0, 1)
    ]


def released_numbers(series: Series, force: Force) -> list[ReleasedNumber]:
    """Return a force's released numbers, each with the release that showed it first.

    The numbers of the tables of revisions are among them.
    """
    released: list[ReleasedNumber] = []
    known: dict[tuple[int, int], dict[str, Figure]] = {}
    for number, one in enumerate(series):
        for period, units in one.periods.get((force.code, EVENTS), {}).items():
            if known.get(period, {}).get(ALL) == units[ALL]:
                continue
            known[period] = units
            for unit, figure in units.items():
                released += statements(number, period, unit, figure)
        for row in one.revisions:
            if (row.force, row.measure) == (force.code, EVENTS):
                released += statements(row.release_before, row.period, row.unit, row.before)
                released += statements(number, row.period, row.unit, row.now)
    return released


def naively_released_numbers(force: Force) -> list[ReleasedNumber]:
    """Return the numbers that a force would release if only small numbers were withheld."""
    released: list[ReleasedNumber] = []
    for number in range(RELEASES):
        for place, month in enumerate(force.months(number)):
            figures = {**month, ALL: added(list(month.values()))}
            for unit, figure in figures.items():
                if may_be_shown(figure, K):
                    released += statements(number, (place, place), unit, figure)
    return released


def statements(
    number: int, period: tuple[int, int], unit: str, figure: Figure
) -> list[ReleasedNumber]:
    units = UNITS if unit == ALL else (unit,)
    return [
        ReleasedNumber(
            frozenset(
                Cell(number, month, one, side)
                for month in range(period[0], period[1] + 1)
                for one in units
            ),
            count,
        )
        for side, count in enumerate(figure)
    ]


@dataclass(frozen=True)
class Guess:
    """The solver's result for a small withheld number: its smallest and largest possible value."""

    what: tuple[str, str]
    low: int
    high: int

    @property
    def is_found(self) -> bool:
        """Whether the solver has learned anything about the number.

        A reader knows anyway that a withheld small number is between 1 and k - 1. The number is
        found if the solver's range is narrower.
        """
        return self.high - self.low < K - 2


def attacked(only_arrivals: bool) -> list[Force]:
    return [force for force in ATTACKED if force.only_arrivals or not only_arrivals]


def guesses_of(force: Force, released: list[ReleasedNumber], *, only_arrivals: bool) -> list[Guess]:
    """Attack many small withheld numbers of a force. Return the solver's results.

    There are three kinds of numbers. The rest of a figure is its denominator less its numerator.

    - the numerator or the rest of a unit's figure in a month;
    - the numerator or the rest of the whole force's figure in a month;
    - with `only_arrivals`, how much the numerator of the whole force's figure for a month has grown
      from one release to the next.
    """
    attacker = Attacker(cells_of(force), released, only_arrivals=only_arrivals)
    released_sums = {statement.cells for statement in released}
    releases = sorted({cell.release for statement in released for cell in statement.cells})
    sums = [
        (frozenset(Cell(number, month, one, side) for one in units), frozenset[Cell]())
        for number in releases[:: max(len(releases) // 3, 1)]
        for month in range(0, len(force.months(number)), 2)
        for side in (0, 1)
        for units in ((UNITS[0],), (UNITS[-1],), UNITS)
    ]
    if only_arrivals:
        sums += [
            (later, frozenset(Cell(before, c.month, c.unit, c.side) for c in later))
            for before, after in pairwise(releases)
            for month in range(0, len(force.months(before)), 3)
            for later in (frozenset(Cell(after, month, one, 0) for one in UNITS),)
        ]
    guesses = []
    for plus, minus in sums:
        number = count(force, plus) - count(force, minus)
        if 0 < number < K and (minus or plus not in released_sums):
            low, high = attacker.guess(plus, minus)
            assert low <= number <= high
            guesses.append(Guess((force.code, str(sorted(map(str, plus)))), low, high))
    return guesses


def count(force: Force, cells: frozenset[Cell]) -> int:
    return sum(force.months(c.release)[c.month][c.unit][c.side] for c in cells)

"""The public release attacked: with all that was ever told, a solver recovers nothing withheld."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import psycopg
import pytest
from psycopg import sql

from oic_assurance.builds.dbt import forget_project
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.released_figures import record_released
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import admin_url, connect, warehouse_url
from oic_assurance.warehouse.migrate import migrate
from tests.integration.publishing.disclosure_series import (
    EVENTS,
    PEOPLE,
    POINTS,
    RELEASES,
    UNITS,
    Force,
    Released,
    make_force,
    prepare,
    release,
)
from tests.oracle.attacker import Attacker, Cell, ReleasedNumber
from tests.oracle.disclosure import ALL, Figure, Releases, added, may_be_shown
from tests.oracle.test_disclosure import small_steps

DATABASE = "warehouse_disclosure"
K = 5
FORCES = [make_force(number) for number in range(24)]
# The solver's time is best spent on forces in which a good deal is told and withheld.
ATTACKED = FORCES[:12]

Series = list[Released]


@pytest.fixture(scope="module")
def warehouse(home: object) -> Iterator[Settings]:
    settings = load_settings()
    parts = psycopg.conninfo.conninfo_to_dict(warehouse_url(settings))
    uri = libpq_uri({key: str(value) for key, value in (parts | {"dbname": DATABASE}).items()})
    create = sql.SQL("create database {} owner warehouse_owner").format(sql.Identifier(DATABASE))
    drop = sql.SQL("drop database {} with (force)").format(sql.Identifier(DATABASE))
    with psycopg.connect(admin_url(settings), autocommit=True) as connection:
        connection.execute(create)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
        migrate(settings)
        # What dbt has parsed names the database that it was parsed for.
        forget_project()
        prepare(settings)
        yield settings
    forget_project()
    with psycopg.connect(admin_url(settings), autocommit=True) as connection:
        connection.execute(drop)


@pytest.fixture(scope="module")
def series(warehouse: Settings) -> Series:
    return [release(warehouse, number, FORCES) for number in range(RELEASES)]


def test_the_series_has_what_it_takes(series: Series) -> None:
    """Late, deleted and corrected records; districts shown and not; long periods; revisions."""
    last = series[-1].periods
    assert {force.only_arrivals for force in FORCES} == {True, False}
    assert any(r.gone_by < RELEASES for force in FORCES for r in force.records)
    assert any(end > start for (_, m), told in last.items() if m == EVENTS for start, end in told)
    for measure in (EVENTS, PEOPLE):
        shown = [told for (_, m), told in last.items() if m == measure]
        assert any(len(units) > 1 for told in shown for units in told.values())
        assert any(len(units) == 1 for told in shown for units in told.values())
    assert len(revisions(series)) > 10


def test_each_release_shows_what_the_rule_says(series: Series) -> None:
    for force in FORCES:
        events, people = Releases(K), Releases(K)
        for number, released in enumerate(series):
            months = force.months(number)
            expected = events.release_events(months)
            assert released.periods.get((force.code, EVENTS), {}) == expected, force.code
            expected = people.release_people(months)
            assert released.periods.get((force.code, PEOPLE), {}) == expected, force.code


def test_the_other_tables_tell_nothing_more(series: Series) -> None:
    for released in series:
        for force, measure, month, unit, figure in released.months:
            assert released.periods[force, measure][month, month][unit] == figure
        for (force, point), (start, end, figure) in released.positions.items():
            measure = next(m for m, p in POINTS.items() if p == point)
            told = [
                units[ALL]
                for (first, last), units in released.periods[force, measure].items()
                if first >= start.month - 1 and last <= end.month - 1
            ]
            assert added(told) == figure


def test_nothing_told_is_small_nor_is_any_difference(series: Series) -> None:
    for one, other in combinations(series, 2):
        for key, told in other.periods.items():
            for period, units in told.items():
                assert all(may_be_shown(figure, K) for figure in units.values())
                before = one.periods.get(key, {}).get(period)
                assert before is None or small_steps(before, units, K) == []


@pytest.mark.parametrize("only_arrivals", [False, True], ids=["anything goes", "only arrivals"])
def test_a_solver_recovers_nothing_that_is_withheld(series: Series, only_arrivals: bool) -> None:
    guesses = [
        guess
        for force in attacked(only_arrivals)
        for guess in guesses_of(force, told_by(series, force), only_arrivals=only_arrivals)
    ]

    assert len(guesses) > 100
    assert [guess for guess in guesses if guess.is_found] == []


@pytest.mark.parametrize("only_arrivals", [False, True], ids=["anything goes", "only arrivals"])
def test_the_solver_recovers_what_primary_suppression_withholds(only_arrivals: bool) -> None:
    """The same attack on the same forces, where each small number alone is blank."""
    guesses = [
        guess
        for force in attacked(only_arrivals)
        for guess in guesses_of(force, told_naively(force), only_arrivals=only_arrivals)
    ]

    assert any(guess.low == guess.high for guess in guesses)


def test_a_build_that_does_not_know_the_last_release_is_refused(
    series: Series, warehouse: Settings
) -> None:
    """Two figures of one period, neither made with the other in mind, could be subtracted."""
    shown = sql.Identifier("candidate_public", "assurance_period")
    with connect(warehouse, role="oic_publish") as conn:
        row = conn.execute(
            "select min(publication_id), max(publication_id) from audit.released_figure"
        ).fetchone()
        assert row is not None
        assert record_released(conn, shown, row[0]) == 0
    with connect(warehouse, role="oic_transform") as conn:
        conn.execute("update candidate_public.assurance_period set numerator = numerator + 1")
    with (
        connect(warehouse, role="oic_publish") as conn,
        pytest.raises(NotPublishableError, match="released figures since it began"),
    ):
        record_released(conn, shown, row[0])


def revisions(series: Series) -> list[tuple[str, tuple[int, int]]]:
    """Return the periods of events that were shown with another figure later."""
    return [
        (force, period)
        for one, other in pairwise(series)
        for (force, measure), told in one.periods.items()
        if measure == EVENTS
        for period, units in told.items()
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


def told_by(series: Series, force: Force) -> list[ReleasedNumber]:
    """Return what the releases told, each number of the release that was the first to show it."""
    told, known = [], {}
    for number, released in enumerate(series):
        for period, units in released.periods.get((force.code, EVENTS), {}).items():
            if known.get(period, {}).get(ALL) == units[ALL]:
                continue
            known[period] = units
            for unit, figure in units.items():
                told += statements(number, period, unit, figure)
    return told


def told_naively(force: Force) -> list[ReleasedNumber]:
    """Return what is told when every month is shown at every release, but for small figures."""
    told = []
    for number in range(RELEASES):
        for place, month in enumerate(force.months(number)):
            figures = {**month, ALL: added(list(month.values()))}
            for unit, figure in figures.items():
                if may_be_shown(figure, K):
                    told += statements(number, (place, place), unit, figure)
    return told


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
    """What a solver makes of a small number that was withheld: the least and the most it can be."""

    what: tuple[str, str]
    low: int
    high: int

    @property
    def is_found(self) -> bool:
        """Tell whether fewer numbers are left than "too small to be told" leaves: 1 to k - 1."""
        return self.high - self.low < K - 2


def attacked(only_arrivals: bool) -> list[Force]:
    return [force for force in ATTACKED if force.only_arrivals or not only_arrivals]


def guesses_of(force: Force, told: list[ReleasedNumber], *, only_arrivals: bool) -> list[Guess]:
    """Attack each small number that was withheld, among a good many of all kinds.

    A unit's class in a month, the force's, and what came to the force between two releases.
    """
    attacker = Attacker(cells_of(force), told, only_arrivals=only_arrivals)
    told_sums = {statement.cells for statement in told}
    speaking = sorted({cell.release for statement in told for cell in statement.cells})
    sums = [
        (frozenset(Cell(number, month, one, side) for one in units), frozenset[Cell]())
        for number in speaking[:: max(len(speaking) // 3, 1)]
        for month in range(0, len(force.months(number)), 2)
        for side in (0, 1)
        for units in ((UNITS[0],), (UNITS[-1],), UNITS)
    ]
    if only_arrivals:
        sums += [
            (later, frozenset(Cell(before, c.month, c.unit, c.side) for c in later))
            for before, after in pairwise(speaking)
            for month in range(0, len(force.months(before)), 3)
            for later in (frozenset(Cell(after, month, one, 0) for one in UNITS),)
        ]
    guesses = []
    for plus, minus in sums:
        number = count(force, plus) - count(force, minus)
        if 0 < number < K and (minus or plus not in told_sums):
            low, high = attacker.guess(plus, minus)
            assert low <= number <= high
            guesses.append(Guess((force.code, str(sorted(map(str, plus)))), low, high))
    return guesses


def count(force: Force, cells: frozenset[Cell]) -> int:
    return sum(force.months(c.release)[c.month][c.unit][c.side] for c in cells)

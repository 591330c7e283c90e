"""Attack disclosure control by trying every possible table, as an attacker who knows the rule.

The release is computed for every table of small numbers. If several tables have the same release,
the attacker cannot tell them apart, so a withheld number can have any value that it has in one of
these tables. There must be at least k - 1 such values. More cannot be demanded, because the rule
itself tells the attacker that a small number is one of the k - 1 numbers from 1 to k - 1.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.attacker import Attacker, Cell, ReleasedNumber
from tests.oracle.disclosure import (
    ALL,
    Figure,
    Releases,
    added,
    may_be_shown,
    may_follow,
    second_reading,
)

K = 3
UNITS = ("D1", "D2", "REST")
Shown = tuple[object, ...]
Table = tuple[Figure, ...]


def tables(figures: int, largest: int) -> Iterator[Table]:
    """Yield every table with the number `figures` of figures and no number above `largest`."""
    for numbers in product(range(largest + 1), repeat=2 * figures):
        yield tuple(zip(numbers[::2], numbers[1::2], strict=True))


def one_sided(figures: int, largest: int) -> Iterator[Table]:
    """Yield the tables of `tables` in which every numerator is 0.

    The releases of these tables reveal the most about the other number of each figure.
    """
    for numbers in product(range(largest + 1), repeat=figures):
        yield tuple((0, number) for number in numbers)


def distinguishable(
    every: Iterable[Table],
    release: Callable[[Table], Shown],
    hidden: Callable[[Table], dict[object, int]],
    largest: int,
) -> list[tuple[Shown, object, set[int]]]:
    """Return the withheld numbers that an attacker can narrow down to fewer than k - 1 values.

    Each item has the release, the name of the number, and the number's possible values. `hidden`
    returns the numbers of a table that an attacker could want to know. A release that shows a
    number above `largest` is left out, because not all tables with that release were tried.
    """
    possible: dict[Shown, dict[object, set[int]]] = defaultdict(lambda: defaultdict(set))
    for table in every:
        names = possible[release(table)]
        for name, number in hidden(table).items():
            names[name].add(number)
    return [
        (shown, name, numbers)
        for shown, names in possible.items()
        if max(numbers_in(shown), default=0) <= largest
        for name, numbers in names.items()
        if numbers & set(range(1, K)) and len(numbers) < K - 1
    ]


def numbers_in(shown: object) -> Iterator[int]:
    """Yield every number that a release shows."""
    if isinstance(shown, int):
        yield shown
    elif isinstance(shown, tuple):
        for part in shown:
            yield from numbers_in(part)


def cells(table: Table) -> dict[object, int]:
    return {(place, side): table[place][side] for place in range(len(table)) for side in (0, 1)}


def in_one_unit(table: Table) -> list[dict[str, Figure]]:
    return [{"REST": figure} for figure in table]


def frozen(shown: dict[tuple[int, int], dict[str, Figure]]) -> Shown:
    return tuple(sorted((period, *sorted(units.items())) for period, units in shown.items()))


def events(table: Table) -> Shown:
    return frozen(Releases(K).release_events(in_one_unit(table)))


def people(table: Table) -> Shown:
    return frozen(Releases(K).release_people(in_one_unit(table)))


def districts(table: Table) -> Shown:
    return frozen(Releases(K).release_events([dict(zip(UNITS, table, strict=True))]))


def districts_of_two_months(table: Table) -> Shown:
    first, second = ({"D1": table[i], "D2": table[i + 1]} for i in (0, 2))
    return frozen(Releases(K).release_events([first, second]))


def two_releases(table: Table) -> Shown:
    releases = Releases(K)
    first = frozen(releases.release_events(in_one_unit(table[:1])))
    return first, frozen(releases.release_events(in_one_unit(table[1:])))


def changes(table: Table) -> dict[object, int]:
    change = [abs(table[1][side] - table[0][side]) for side in (0, 1)]
    return {0: change[0], 1: change[1], "whole": abs(sum(table[1]) - sum(table[0]))}


def both_readings(table: Table) -> Shown:
    """Make two releases of two measures, with the sum of both if the records give the same."""
    first, other = Releases(K), Releases(K)
    shown: list[object] = []
    for one, two in (table[:2], table[2:]):
        released = [first.release_events([{"REST": one}]), other.release_events([{"REST": two}])]
        firsts, others = ([units[ALL] for units in periods.values()] for periods in released)
        sums = second_reading(firsts, others, added([one, two])) if firsts else None
        shown += [*(frozen(periods) for periods in released), sums]
    return tuple(shown)


def changes_of_both(table: Table) -> dict[object, int]:
    return {
        (measure, name): number
        for measure in (0, 1)
        for name, number in changes((table[measure], table[measure + 2])).items()
    } | cells(table)


def one_side_of_the_second(largest: int) -> Iterator[Table]:
    """Yield the tables of two measures in two releases in which the second has numerators 0."""
    for p, q, r, later_p, later_q, later_r in product(range(largest + 1), repeat=6):
        yield (p, q), (0, r), (later_p, later_q), (0, later_r)


def only_added(every: Iterable[Table]) -> Iterator[Table]:
    """Yield the tables whose second two figures are not below the first two."""
    return (
        table
        for table in every
        if all(table[m + 2][side] >= table[m][side] for m in (0, 1) for side in (0, 1))
    )


def primary(table: Table) -> Shown:
    """Make the usual mistake: blank only the small districts, and show the force's figure."""
    shown = (*table, added(table))
    return tuple(figure if may_be_shown(figure, K) else None for figure in shown)


def primary_and_one_more(table: Table) -> Shown:
    """Blank the small districts. If only one district is small, blank a second one too."""
    blank = [not may_be_shown(figure, K) for figure in table]
    if sum(blank) == 1:
        blank[min((sum(f), i) for i, f in enumerate(table) if not blank[i])[1]] = True
    return *(None if b else f for b, f in zip(blank, table, strict=True)), added(table)


@pytest.mark.parametrize(
    ("release", "every", "largest"),
    [
        (events, tables(3, 4), 4),
        (events, one_sided(5, 6), 6),
        (people, tables(2, 8), 8),
        (people, one_sided(4, 8), 8),
        (districts, tables(3, 4), 4),
        (districts, one_sided(3, 20), 20),
        (districts_of_two_months, tables(4, 3), 3),
        (districts_of_two_months, one_sided(4, 8), 8),
    ],
)
def test_no_withheld_number_is_found(
    release: Callable[[Table], Shown], every: Iterator[Table], largest: int
) -> None:
    assert distinguishable(every, release, cells, largest) == []


def test_no_small_change_is_found_between_releases() -> None:
    assert distinguishable(tables(2, 8), two_releases, changes, 8) == []


@pytest.mark.parametrize(
    ("every", "largest"),
    [
        (one_sided(4, 9), 9),
        (only_added(one_sided(4, 9)), 9 - K + 1),
        (only_added(one_side_of_the_second(6)), 6 - K + 1),
    ],
)
def test_a_second_reading_reveals_no_small_number(every: Iterator[Table], largest: int) -> None:
    """Whether it is shown says whether a correction waits, and never how large it is."""
    assert distinguishable(every, both_readings, changes_of_both, largest) == []


def test_no_small_change_is_found_between_month_ends() -> None:
    def of_people(table: Table) -> dict[object, int]:
        return {side: number for side, number in changes(table).items() if side != "whole"}

    assert distinguishable(tables(2, 8), people, of_people, 8) == []


def test_the_attack_finds_a_change_that_a_second_reading_of_the_records_would_show() -> None:
    def true_second_reading(table: Table) -> Shown:
        first, other, _, first_again, other_again, _ = both_readings(table)
        sums = added(table[:2]), added(table[2:])
        return first, other, first_again, other_again, *sums

    assert distinguishable(one_sided(4, 6), true_second_reading, changes_of_both, 12)


@pytest.mark.parametrize("release", [primary, primary_and_one_more])
def test_the_attack_finds_numbers_that_blanks_beside_a_total_hide(
    release: Callable[[Table], Shown],
) -> None:
    """A second blanked district does not help: if both are small, their sum can reveal them."""
    assert distinguishable(tables(3, 4), release, cells, 4)


figures = st.tuples(st.integers(0, 30), st.integers(0, 12))
months_of_units = st.lists(
    st.fixed_dictionaries(dict.fromkeys(UNITS, figures)), min_size=1, max_size=5
)
histories = st.lists(months_of_units, min_size=1, max_size=5).map(
    lambda history: sorted(history, key=len)
)


@given(histories, st.integers(2, 6), st.booleans())
def test_every_released_number_and_every_difference_is_zero_or_large(
    history: list[list[dict[str, Figure]]], k: int, of_people: bool
) -> None:
    releases = Releases(k)
    for months in history:
        shown = releases.release_people(months) if of_people else releases.release_events(months)
        places = [place for first, last in shown for place in range(first, last + 1)]
        assert len(places) == len(set(places))
        for units in shown.values():
            assert all(may_be_shown(figure, k) for figure in units.values())
            if len(units) > 1:
                assert added([f for unit, f in units.items() if unit != ALL]) == units[ALL]
    for versions in releases.released.values():
        for one, other in combinations(versions, 2):
            assert small_steps(one, other, k) == []
    if of_people:
        force = [versions[0][ALL] for _, versions in sorted(releases.released.items())]
        for before, after in pairwise(force):
            assert may_follow(after, before, k, of_people=True)


def small_steps(one: dict[str, Figure], other: dict[str, Figure], k: int) -> list[str]:
    """Return the units whose figures changed between two releases, but by fewer than k records."""
    pairs = {ALL: (one[ALL], other[ALL])}
    if len(one) > 1 and len(other) > 1:
        pairs = {u: (one.get(u, (0, 0)), other.get(u, (0, 0))) for u in {*one, *other}}
    return [
        unit
        for unit, (a, b) in pairs.items()
        if any(0 < abs(step) < k for step in (a[0] - b[0], a[1] - b[1], sum(a) - sum(b)))
    ]


@given(st.lists(figures, min_size=3, max_size=3), st.integers(3, 6))
def test_a_solver_recovers_no_district(table: list[Figure], k: int) -> None:
    unknown = [Cell(0, 0, unit, side) for unit in UNITS for side in (0, 1)]
    shown = Releases(k).release_events([dict(zip(UNITS, table, strict=True))])
    released = [
        ReleasedNumber(
            frozenset(c for c in unknown if unit in (ALL, c.unit) and c.side == side), count
        )
        for units in shown.values()
        for unit, figure in units.items()
        for side, count in enumerate(figure)
    ]
    attacker = Attacker(unknown, released)
    for cell in unknown:
        number = table[UNITS.index(cell.unit)][cell.side]
        if 0 < number < k:
            low, high = attacker.guess([cell])
            assert high - low >= k - 2

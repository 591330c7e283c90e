"""Attacks on what goes to the public: across forces, across totals and across publications.

A force decides itself what it releases, and its own releases are proven elsewhere
(`tests/oracle/test_disclosure.py`). So an attacker who has the national figures too must not be
able to say more than one who has only the releases of the forces.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from tests.national.made_up import Force
from tests.national.world import AS_AT, DAY, MIDLANDS, NationalWorld, days_before, made_up
from tests.oracle.attacker import Attacker, Cell, ReleasedNumber

K = 5
FORCES = MIDLANDS[:6]
Released = Mapping[str, tuple[int, int] | None]


@pytest.mark.slow
def test_the_national_figures_tell_an_attacker_nothing_new(world: NationalWorld) -> None:
    """Random forces release or withhold, over two publications. All withheld numbers are attacked.

    As a control, the same attack is made on totals of all forces, which a simpler view would show.
    That attack must succeed, or it would prove nothing.
    """
    chance = random.Random(2)
    truth = [_truth(chance, None)]
    truth.append(_truth(chance, truth[0]))
    public = []
    for release, (day, as_at) in enumerate(((_day(9), days_before(1)), (DAY, AS_AT))):
        for code in FORCES:
            world.export(_force(code, truth[release][code], as_at), day)
        world.run(as_at)
        public.append(shown_to_the_public(world, "HYDRA"))

    cells = [
        Cell(release, 0, code, side) for release in (0, 1) for code in FORCES for side in (0, 1)
    ]
    own = list(_of_forces(truth))
    view = [number for release in (0, 1) for number in _of_view(release, public[release])]
    naive = [number for release in (0, 1) for number in _of_all(release, truth[release])]
    alone = Attacker(cells, own, only_arrivals=True)
    with_view = Attacker(cells, [*own, *view], only_arrivals=True)
    with_naive = Attacker(cells, [*own, *naive], only_arrivals=True)
    hidden = [cell for cell in cells if not _is_released(truth[cell.release][cell.unit])]
    assert hidden
    collapsed = 0
    for cell in hidden:
        assert with_view.guess([cell]) == alone.guess([cell])
        low, high = with_view.guess([cell])
        assert high - low >= K - 1
        low, high = with_naive.guess([cell])
        collapsed += high == low
    assert collapsed, "the attack finds a withheld number in totals of all forces"
    # The change of a number from one publication to the next is no better known either.
    for code in FORCES:
        for side in (0, 1):
            change = ([Cell(1, 0, code, side)], [Cell(0, 0, code, side)])
            assert with_view.guess(*change) == alone.guess(*change)


def _truth(
    chance: random.Random, before: Mapping[str, tuple[int, int]] | None
) -> dict[str, tuple[int, int]]:
    """Return the numerator and the rest of each force. The first is withheld in each release."""
    made = {}
    for place, code in enumerate(FORCES):
        first = (chance.randint(1, K - 1), 40) if place == 0 else (chance.randint(20, 60), 30)
        grown = before[code] if before else first
        more = chance.randint(0, 1) if place == 0 else K * chance.randint(0, 2)
        made[code] = (min(grown[0] + more, K - 1) if place == 0 else grown[0] + more, grown[1])
    return made


def _is_released(sides: tuple[int, int]) -> bool:
    return all(number == 0 or number >= K for number in sides)


def _force(code: str, sides: tuple[int, int], as_at: Any) -> Force:
    whole = (sides[0], sum(sides))
    released = {"HYDRA": whole if _is_released(sides) else None}
    return made_up(code, {"HYDRA": whole}, as_at=as_at, released=released)


def _of_forces(truth: Sequence[Mapping[str, tuple[int, int]]]) -> Iterable[ReleasedNumber]:
    for release, of_release in enumerate(truth):
        for code, sides in of_release.items():
            if _is_released(sides):
                for side in (0, 1):
                    yield ReleasedNumber(frozenset({Cell(release, 0, code, side)}), sides[side])


def _of_view(release: int, shown: Mapping[str, Mapping[str, Any]]) -> Iterable[ReleasedNumber]:
    """Yield what the national view says, read as its description says."""
    known = [code for code in FORCES if not shown[code]["is_withheld"]]
    for area, row in shown.items():
        codes = known if row["area_kind"] != "FORCE" else [area] if area in known else []
        if codes:
            sides = (row["numerator"], row["denominator"] - row["numerator"])
            for side in (0, 1):
                cells = frozenset(Cell(release, 0, code, side) for code in codes)
                yield ReleasedNumber(cells, sides[side])


def _of_all(release: int, truth: Mapping[str, tuple[int, int]]) -> Iterable[ReleasedNumber]:
    for side in (0, 1):
        cells = frozenset(Cell(release, 0, code, side) for code in FORCES)
        yield ReleasedNumber(cells, sum(sides[side] for sides in truth.values()))


def shown_to_the_public(world: NationalWorld, point: str) -> dict[str, dict[str, Any]]:
    rows = world.mart("national_position", schema="public_draft")
    return {row["area_code"]: row for row in rows if row["point_code"] == point}


def _day(number: int) -> date:
    return date(2026, 3, number)

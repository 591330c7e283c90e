"""Random series of months for the tests of control limits.

Some of the series come from a quiet process. A quiet process does not change, so everything that
the rules mark in it is chance.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tests.oracle.clock import months
from tests.oracle.spc import Month
from tests.oracle.stats import percentile

#: Measures whose series the tests fill. The name says what the series is like.
HOURS = "nccu_hours_to_submission_p50"
SHARE = "nccu_intel_compliance"
SNAPSHOT = "hydra_completion"
STRANDS = "intel_plan_strands_met"
DECIDED = "nccu_capture_completeness"
#: The decisions about the baseline of DECIDED: a fixed one from before its first month, and one
#: that begins later and grows.
DECISIONS = ((date(2019, 1, 1), date(2021, 3, 1)), (date(2021, 9, 1), None))

FIRST = date(2020, 1, 1)
Draw = Callable[[random.Random], Iterator[tuple[int | None, int, float | None]]]


@dataclass(frozen=True)
class Made:
    """A series of a made-up force. `kind` is the name of the process that made it."""

    force: str
    measure: str
    kind: str
    months: Sequence[Month]


def _months(figures: Sequence[tuple[int | None, int, float | None]]) -> list[Month]:
    """Return the figures as months in a row. The last one is not complete."""
    last = date(FIRST.year + len(figures) // 12, len(figures) % 12 + 1, 1)
    starts = list(months(FIRST, last))[: len(figures)]
    return [
        Month(start, *figure, is_complete=start != starts[-1])
        for start, figure in zip(starts, figures, strict=True)
    ]


def _share(numerator: int, denominator: int) -> tuple[int, int, float | None]:
    return numerator, denominator, numerator / denominator if denominator else None


def binomial(dice: random.Random, cases: int, chance: float) -> int:
    """Return how many of some independent cases are met."""
    return sum(dice.random() < chance for _ in range(cases))


def _quiet_hours(dice: random.Random) -> tuple[int | None, int, float | None]:
    return None, 9, dice.gauss(20, 3)


def _quiet_waits(fraction: float) -> Callable[[random.Random], tuple[None, int, float | None]]:
    """Return months of 6 to 15 waiting times: lognormal, with median 5.3 and mean 24 hours."""

    def draw(dice: random.Random) -> tuple[None, int, float | None]:
        cases = dice.randint(6, 15)
        waits = [dice.lognormvariate(math.log(5.3), 1.74) for _ in range(cases)]
        return None, cases, percentile(waits, fraction)

    return draw


def _quiet_share(
    low: int, high: int, chance: float
) -> Callable[[random.Random], tuple[int, int, float | None]]:
    def draw(dice: random.Random) -> tuple[int, int, float | None]:
        cases = dice.randint(low, high)
        return _share(binomial(dice, cases, chance), cases)

    return draw


def _overdispersed(dice: random.Random) -> tuple[int, int, float | None]:
    cases = dice.randint(20, 80)
    return _share(binomial(dice, cases, dice.betavariate(12, 4)), cases)


#: Processes that do not change: nothing that the rules mark is more than chance.
QUIET = {
    "hours": (HOURS, _quiet_hours),
    "skewed hours, median": (HOURS, _quiet_waits(0.5)),
    "skewed hours, ninetieth percentile": (HOURS, _quiet_waits(0.9)),
    "20 to 60 cases": (SHARE, _quiet_share(20, 60, 0.75)),
    "4 to 12 cases": (SHARE, _quiet_share(4, 12, 0.75)),
    "3 cases": (SHARE, _quiet_share(3, 3, 0.75)),
    "4 to 12 cases, nearly all met": (SHARE, _quiet_share(4, 12, 0.95)),
    "90 to 110 cases": (SHARE, _quiet_share(90, 110, 0.75)),
    "20 to 80 cases, overdispersed": (SHARE, _overdispersed),
}


def quiet(kind: str, seed: int, count: int, length: int) -> list[list[Month]]:
    """Return series of complete months of a quiet process, and the current month after them."""
    dice = random.Random(f"{kind} {seed}")
    draw = QUIET[kind][1]
    return [_months([draw(dice) for _ in range(length + 1)]) for _ in range(count)]


def quiet_stock(seed: int, count: int, length: int) -> list[list[Month]]:
    """Return series of 300 officers, of whom 80% have completed a course.

    Each month, one in thirty leaves. A successor has completed the course with the same chance. So
    the process does not change, but two months in a row share most officers.
    """
    dice = random.Random(f"stock {seed}")
    found = []
    for _ in range(count):
        done = [dice.random() < 0.8 for _ in range(300)]
        figures = []
        for _ in range(length + 1):
            done = [dice.random() < 0.8 if dice.random() < 1 / 30 else one for one in done]
            figures.append(_share(sum(done), len(done)))
        found.append(_months(figures))
    return found


def restless(seed: int, count: int) -> Iterator[tuple[str, list[Month]]]:
    """Yield series of every sort, each with its measure: shifts, trends, gaps, ties, extremes."""
    dice = random.Random(seed)
    for _ in range(count):
        length = dice.randint(2, 40)
        shift, at, slope = (
            dice.choice((0, 0, 0.2, -0.3)),
            dice.randrange(40),
            dice.choice((0, 0.02)),
        )
        spread = dice.choice((0, 0.02, 0.1))
        sizes = dice.choice(((0, 3), (3, 3), (1, 8), (5, 30), (90, 110), (50, 400)))
        decimals = dice.choice((1, 2, 9))
        level = dice.choice((0.0, 0.1, 0.5, 0.8, 0.95, 1.0))
        shares: list[tuple[int | None, int, float | None]] = []
        hours: list[tuple[int | None, int, float | None]] = []
        stock: list[tuple[int | None, int, float | None]] = []
        people, done = dice.choice((4, 9, 10, 300)), 0
        for place in range(length + 1):
            now = level + (shift if place >= at else 0) + slope * place + dice.gauss(0, spread)
            cases = dice.randint(*sizes)
            shares.append(_share(binomial(dice, cases, now), cases))
            is_blank = dice.random() < 0.05
            value = round(30 * now + dice.gauss(0, 2), decimals)
            hours.append((None, 0, None) if is_blank else (None, 5, value))
            done = min(people, done + binomial(dice, people - done, 0.06))
            stock.append(_share(done, people))
        yield SHARE, _months(shares)
        yield DECIDED, _months(shares)
        yield HOURS, _months(hours)
        yield SNAPSHOT, _months(stock)
        yield STRANDS, _months([_share(dice.randint(0, 3), 3) for _ in range(length + 1)])

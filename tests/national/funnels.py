"""Funnel limits and over-dispersion, computed a second time in plain Python with exact fractions.

The formulas are those of Spiegelhalter, Funnel plots for comparing institutional performance,
Statistics in Medicine 2005, 24:1185-1202: section 4 and appendix A.1, with the upper limits counted
from above.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

LEVELS = {"998": Fraction(1, 1000), "95": Fraction(25, 1000)}


@cache
def exact_limits(cases: int, centre: Fraction) -> dict[str, float]:
    """Return the exact limits of a share of `cases` cases, by their names.

    The upper limits are those below which the share of the other cases has its lower limits.
    """
    found: dict[str, float] = {}
    for name in LEVELS:
        found[f"lower_{name}"] = max(0.0, float(_lower(cases, centre, LEVELS[name])))
        found[f"upper_{name}"] = min(1.0, 1 - float(_lower(cases, 1 - centre, LEVELS[name])))
    return found


def _lower(cases: int, centre: Fraction, level: Fraction) -> Fraction:
    """Return the lower limit at a level, which can be below 0.

    Probabilities are whole numbers here: each is multiplied by the power of the centre's
    denominator that makes it whole.
    """
    met, rest = centre.numerator, centre.denominator - centre.numerator
    wanted: Fraction = level * centre.denominator**cases
    probability: int = rest**cases
    cumulated = 0
    for number in range(cases + 1):
        cumulated += probability
        if cumulated >= wanted:
            return (number - (cumulated - wanted) / probability) / cases
        probability = probability * (cases - number) * met // ((number + 1) * rest)
    raise AssertionError("All numbers of cases together have the probability 1.")


@dataclass(frozen=True)
class Dispersion:
    """Over-dispersion of one point over all groups."""

    phi: float | None
    by_chance: float | None

    @property
    def widened_by(self) -> float:
        """By what the distance of a limit from the centre is multiplied."""
        if self.phi is None or self.by_chance is None or self.phi <= self.by_chance:
            return 1.0
        return math.sqrt(self.phi)


def dispersion(groups: Mapping[str, Sequence[tuple[int, int]]]) -> Dispersion:
    """Return the over-dispersion of the forces of some groups: numerators and denominators."""
    scores = []
    for figures in groups.values():
        centre = sum(n for n, _ in figures) / sum(d for _, d in figures)
        for numerator, denominator in figures:
            deviation = math.sqrt(centre * (1 - centre) / denominator)
            scores.append((numerator / denominator - centre) / deviation)
    degrees = len(scores) - len(groups)
    if degrees < 1:
        return Dispersion(None, None)
    low, high = _quantile(scores, 0.1), _quantile(scores, 0.9)
    squares = [max(low, min(high, score)) ** 2 for score in scores]
    return Dispersion(math.fsum(squares) / degrees, 1 + 2 * math.sqrt(2 / degrees))


def _quantile(values: Sequence[float], share: float) -> float:
    """Return the value at a share of the way through the sorted values, between two of them."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def limits(cases: int, centre: Fraction, spread: Dispersion) -> dict[str, float]:
    """Return the limits with which a force is compared."""
    middle = float(centre)
    return {
        name: min(1.0, max(0.0, middle + spread.widened_by * (limit - middle)))
        for name, limit in exact_limits(cases, centre).items()
    }


def reading(value: float, edges: Mapping[str, float]) -> str:
    """Return where a figure lies."""
    if value > edges["upper_998"] + 1e-9:
        return "ABOVE_998"
    if value > edges["upper_95"] + 1e-9:
        return "ABOVE_95"
    if value < edges["lower_998"] - 1e-9:
        return "BELOW_998"
    if value < edges["lower_95"] - 1e-9:
        return "BELOW_95"
    return "WITHIN"

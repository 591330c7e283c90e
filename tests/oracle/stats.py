"""Wilson's interval and the continuous percentile, as formulas in plain Python."""

from __future__ import annotations

import math

from .policy import Z


def wilson(numerator: int, denominator: int) -> tuple[float | None, float | None]:
    """Return the Wilson interval of a share, or two Nones if the denominator is 0.

    Contract: "Intervals are Wilson's at 95% (z = 1.959964)".
    """
    if denominator == 0:
        return None, None
    share = numerator / denominator
    spread = Z * Z / denominator
    centre = share + spread / 2
    half = Z * math.sqrt(share * (1 - share) / denominator + spread / (4 * denominator))
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return max(0.0, low), min(1.0, high)


def difference_interval(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    """Return Newcombe's interval (his method 10) of the first share less the second.

    Each share is a numerator and a denominator, which is not 0.
    """
    shares = [hits / total for hits, total in (first, second)]
    lows, highs = zip(*(wilson(*one) for one in (first, second)), strict=True)
    change = shares[0] - shares[1]
    return (
        change - math.hypot(shares[0] - lows[0], highs[1] - shares[1]),
        change + math.hypot(highs[0] - shares[0], shares[1] - lows[1]),
    )


def ratio(numerator: int, denominator: int) -> float | None:
    """Return a share, or None if the denominator is 0.

    Contract: "denominator 0 has value null, not 0 and not 1".
    """
    return numerator / denominator if denominator else None


def percentile(values: list[float], fraction: float) -> float | None:
    """Return a percentile of the values, or None if there are no values.

    Contract: "percentiles are continuous". The percentile is interpolated linearly between the two
    nearest values.
    """
    if not values:
        return None
    ordered = sorted(values)
    place = fraction * (len(ordered) - 1)
    lower = math.floor(place)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (place - lower)

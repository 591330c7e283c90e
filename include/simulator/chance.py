"""Random numbers from one seed, with a separate generator for each subject.

Draws from one generator never affect the draws from another. So a code change in one part of the
simulation leaves the other parts as they are.
"""

import math
import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

T = TypeVar("T")

# The largest mean of a Poisson distribution that `poisson` draws from directly. For a larger mean,
# `poisson` returns the sum of two draws with half the mean. Otherwise `exp(-mean)` could be too
# small for a floating-point number.
LARGEST_POISSON_MEAN = 30.0


class Stream(random.Random):
    """A random generator with the distributions that the simulation uses."""

    def happens(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.random() < probability

    def poisson(self, mean: float) -> int:
        """Draw from a Poisson distribution."""
        if mean > LARGEST_POISSON_MEAN:
            return self.poisson(mean / 2) + self.poisson(mean / 2)
        limit, count, product = math.exp(-mean), 0, self.random()
        while product > limit:
            count += 1
            product *= self.random()
        return count

    def negative_binomial(self, mean: float, dispersion: float) -> int:
        """Draw from a negative binomial distribution.

        A smaller `dispersion` gives more variance.
        """
        return self.poisson(self.gammavariate(dispersion, mean / dispersion))

    def log_normal(self, median: float, sigma: float) -> float:
        """Draw from a log-normal distribution.

        `sigma` is the standard deviation of the logarithm.
        """
        return median * math.exp(self.gauss(0.0, sigma))

    def weighted(self, options: Mapping[T, float]) -> T:
        """Choose one of the options in proportion to its weight."""
        left = self.random() * sum(options.values())
        for option, weight in options.items():
            left -= weight
            if left < 0:
                return option
        return option

    def one_of(self, options: Sequence[T]) -> T:
        """Choose one of the options, all with the same probability."""
        return options[int(self.random() * len(options))]


class Chance:
    """All generators of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, subject: str, *about: date | int | str) -> Stream:
        """Return the generator for a subject, and for the day, person or file that `about` names.

        The subject and `about` are part of the seed. If the code changes one of these strings, the
        same seed makes a different force.
        """
        return Stream(":".join([str(self.seed), subject, *map(str, about)]))

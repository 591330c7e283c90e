"""Chance: a generator for each concern and day, so that one's draws never shift another's."""

import math
import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

T = TypeVar("T")

# Above this mean a Poisson draw is the sum of two of half the mean: the product method underflows.
LARGEST_POISSON_MEAN = 30.0


class Stream(random.Random):
    """A generator with the draws that a force needs."""

    def happens(self, probability: float) -> bool:
        """Return whether something of this probability happens."""
        return self.random() < probability

    def poisson(self, mean: float) -> int:
        """Draw how many independent things happen when `mean` are expected."""
        if mean > LARGEST_POISSON_MEAN:
            return self.poisson(mean / 2) + self.poisson(mean / 2)
        limit, count, product = math.exp(-mean), 0, self.random()
        while product > limit:
            count += 1
            product *= self.random()
        return count

    def negative_binomial(self, mean: float, dispersion: float) -> int:
        """Draw a count that varies more than Poisson does: the less `dispersion`, the more."""
        return self.poisson(self.gammavariate(dispersion, mean / dispersion))

    def geometric(self, probability: float) -> int:
        """Draw how many failures come before the first success."""
        return int(math.log(1.0 - self.random()) / math.log(1.0 - probability))

    def around(self, median: float, sigma: float) -> float:
        """Draw a duration whose logarithm is normal about its median."""
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
        """Choose one of the options, each as likely as the other."""
        return options[int(self.random() * len(options))]


class Chance:
    """The tree of generators that grows from one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, concern: str, *about: date | int | str) -> Stream:
        """Return the generator of a concern and of the day, person or file that it is about."""
        return Stream(":".join([str(self.seed), concern, *map(str, about)]))

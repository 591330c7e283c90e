"""Random numbers from one seed, with a separate generator for each subject.

Draws of one generator never change the draws of another, so a change in one part of the simulation
leaves the other parts as they are.
"""

import math
import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

T = TypeVar("T")

# Above this mean a draw is the sum of two draws with half the mean, because the product underflows.
LARGEST_POISSON_MEAN = 30.0


class Stream(random.Random):
    """A random generator with the distributions that the simulation uses."""

    def happens(self, probability: float) -> bool:
        """Return True with this probability."""
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
        """Draw from a negative binomial distribution; less `dispersion` gives more variance."""
        return self.poisson(self.gammavariate(dispersion, mean / dispersion))

    def geometric(self, probability: float) -> int:
        """Draw how many failures come before the first success."""
        return int(math.log(1.0 - self.random()) / math.log(1.0 - probability))

    def log_normal(self, median: float, sigma: float) -> float:
        """Draw from a log-normal distribution; `sigma` is the deviation of the logarithm."""
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
        """Return the generator of a subject and of the day, person or file that it is about.

        These texts seed the generator. Another text makes another force from the same seed.
        """
        return Stream(":".join([str(self.seed), subject, *map(str, about)]))

"""An attacker who tries to defeat disclosure control by subtracting released numbers.

An unknown is a count that the attacker wants to find. It belongs to one release, month and unit,
and to one side of the figure. Each released number is a sum of unknowns. For a sum that was not
released, integer programming finds its smallest and its largest possible value.

With `only_arrivals`, the attacker also knows that counts change only because records arrive late,
so no count becomes smaller from one release to the next.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

#: The attacker's upper limit for a number that nothing else limits.
UNLIMITED = 1_000


@dataclass(frozen=True)
class Cell:
    """One unknown: the count of one release, month, unit and side of the figure.

    Side 0 is the numerator. Side 1 is the denominator less the numerator.
    """

    release: int
    month: int
    unit: str
    side: int


@dataclass(frozen=True)
class ReleasedNumber:
    """A released number, and the cells whose sum it is.

    `within` is the most by which added noise can make the number differ from the true sum.
    """

    cells: frozenset[Cell]
    number: int
    within: int = 0


class Attacker:
    """The released numbers as equations. Each unknown is a whole number of at least 0."""

    def __init__(
        self,
        cells: Sequence[Cell],
        released: Iterable[ReleasedNumber],
        *,
        only_arrivals: bool = False,
    ) -> None:
        self._place = {cell: place for place, cell in enumerate(cells)}
        equations: list[tuple[frozenset[Cell], tuple[Cell, ...], int, int]] = [
            (
                statement.cells,
                (),
                statement.number - statement.within,
                statement.number + statement.within,
            )
            for statement in released
        ]
        if only_arrivals:
            equations += [
                (frozenset({later}), (cell,), 0, UNLIMITED)
                for cell in cells
                if (later := Cell(cell.release + 1, cell.month, cell.unit, cell.side))
                in self._place
            ]
        matrix = lil_matrix((len(equations), len(cells)))
        for row, (plus, minus, _, _) in enumerate(equations):
            for cell in plus:
                matrix[row, self._place[cell]] = 1
            for cell in minus:
                matrix[row, self._place[cell]] = -1
        self._constraints = LinearConstraint(
            matrix.tocsr(), [low for *_, low, _ in equations], [high for *_, high in equations]
        )

    def guess(self, cells: Iterable[Cell], less: Iterable[Cell] = ()) -> tuple[int, int]:
        """Return the smallest and the largest possible value of the difference between two sums.

        The difference is the sum of `cells` less the sum of `less`.
        """
        aim = np.zeros(len(self._place))
        for cell in cells:
            aim[self._place[cell]] += 1
        for cell in less:
            aim[self._place[cell]] -= 1
        return round(self._best(aim)), -round(self._best(-aim))

    def _best(self, aim: "np.ndarray") -> float:
        found = milp(
            aim,
            constraints=self._constraints,
            bounds=Bounds(0, UNLIMITED),
            integrality=np.ones(len(aim)),
        )
        assert found.success, found.message
        return float(found.fun)

"""An attacker on disclosure control, who subtracts released numbers from each other.

An unknown is a count that the attacker wants to know: of one release, month and unit, and of one
side of the figure. Each released number is a sum of unknowns. For a sum that was not released,
integer programming finds the smallest and the largest number that the sum can be.

With `only_arrivals`, the attacker also knows that counts change only because records arrive late.
So no count becomes smaller from one release to the next.
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
    """One unknown count: of a release, a month, a unit, and a side of the figure.

    Side 0 is the numerator. Side 1 is the denominator less the numerator.
    """

    release: int
    month: int
    unit: str
    side: int


@dataclass(frozen=True)
class ReleasedNumber:
    """A released number, and the cells whose sum it is.

    `within` says by how much the number can differ from the true sum, if noise was added to it.
    """

    cells: frozenset[Cell]
    number: int
    within: int = 0


class Attacker:
    """Holds the released numbers as equations. Each unknown is a whole number, and 0 or more."""

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
        """Return the smallest and the largest possible value of a difference of two sums.

        The difference is the sum of `cells` minus the sum of `less`.
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

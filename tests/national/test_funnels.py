"""The oracle's funnel limits against numbers that can be checked by hand or in a table."""

import math
from fractions import Fraction

import pytest

from tests.national.funnels import LEVELS, dispersion, exact_limits


def test_six_cases_around_a_half() -> None:
    assert exact_limits(6, Fraction(1, 2)) == pytest.approx(
        {"lower_998": 0.0, "lower_95": 1 / 60, "upper_95": 59 / 60, "upper_998": 1.0}
    )


def test_limits_approach_those_of_the_normal_distribution() -> None:
    found = exact_limits(2000, Fraction(1, 2))
    deviation = (0.25 / 2000) ** 0.5

    assert found["lower_95"] == pytest.approx(0.5 - 1.959964 * deviation, abs=3e-4)
    assert found["upper_998"] == pytest.approx(0.5 + 3.090232 * deviation, abs=3e-4)


@pytest.mark.parametrize("cases", [1, 2, 7, 50, 100])
@pytest.mark.parametrize("percent", [3, 20, 50, 90, 97])
def test_a_figure_is_outside_exactly_if_one_as_extreme_is_less_probable(
    cases: int, percent: int
) -> None:
    centre = Fraction(percent, 100)
    limits = exact_limits(cases, centre)
    probabilities = [
        math.comb(cases, k) * centre**k * (1 - centre) ** (cases - k) for k in range(cases + 1)
    ]
    for k in range(cases + 1):
        fewer, more = sum(probabilities[: k + 1]), sum(probabilities[k:])
        for name, level in LEVELS.items():
            assert (k / cases < limits[f"lower_{name}"] - 1e-9) == (fewer < level), (k, name)
            assert (k / cases > limits[f"upper_{name}"] + 1e-9) == (more < level), (k, name)


def test_counting_the_others_gives_the_same_limits_from_the_other_side() -> None:
    one, other = exact_limits(30, Fraction(4, 5)), exact_limits(30, Fraction(1, 5))
    for name in LEVELS:
        assert one[f"upper_{name}"] == pytest.approx(1 - other[f"lower_{name}"])
        assert one[f"lower_{name}"] == pytest.approx(1 - other[f"upper_{name}"])


def test_one_outlier_does_not_make_over_dispersion() -> None:
    """Winsorising keeps a single force from widening the limits of all the others."""
    alike = [(50, 100)] * 20
    assert dispersion({"G": [*alike, (80, 100)]}).widened_by == 1.0
    assert dispersion({"G": [(30, 100), (70, 100)] * 10}).widened_by > 3


def test_groups_of_one_force_say_nothing() -> None:
    assert dispersion({"G": [(50, 100)], "H": [(20, 100)]}).phi is None

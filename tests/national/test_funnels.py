"""The oracle's funnel limits against numbers that can be checked by hand or in a table."""

from fractions import Fraction

import pytest

from tests.national.funnels import dispersion, exact_limits


def test_two_cases_around_a_half() -> None:
    assert exact_limits(2, Fraction(1, 2)) == {
        "lower_998": 0.0,
        "lower_95": 0.0,
        "upper_95": 0.95,
        "upper_998": 0.998,
    }


def test_limits_approach_those_of_the_normal_distribution() -> None:
    found = exact_limits(2000, Fraction(1, 2))
    deviation = (0.25 / 2000) ** 0.5

    assert found["lower_95"] == pytest.approx(0.5 - 1.959964 * deviation, abs=3e-4)
    assert found["upper_998"] == pytest.approx(0.5 + 3.090232 * deviation, abs=3e-4)


def test_limits_hold_their_probability() -> None:
    """Between the whole numbers around a limit, the cumulative probability passes its level."""
    assert exact_limits(1, Fraction(9, 10)) == pytest.approx(
        {
            "lower_998": 0.0,
            "lower_95": 0.0,
            "upper_95": 1 - 0.025 / 0.9,
            "upper_998": 1 - 0.001 / 0.9,
        }
    )


def test_a_limit_never_lies_on_the_wrong_side_of_the_centre() -> None:
    """One case around 99%: the interpolation would put the upper limit at 97.5%."""
    found = exact_limits(1, Fraction(99, 100))

    assert found["upper_95"] == 0.99


def test_one_outlier_does_not_make_over_dispersion() -> None:
    """Winsorising keeps a single force from widening the limits of all the others."""
    alike = [(50, 100)] * 20
    assert dispersion({"G": [*alike, (80, 100)]}).widened_by == 1.0
    assert dispersion({"G": [(30, 100), (70, 100)] * 10}).widened_by > 3


def test_groups_of_one_force_say_nothing() -> None:
    assert dispersion({"G": [(50, 100)], "H": [(20, 100)]}).phi is None

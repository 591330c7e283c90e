"""The words for a figure, and for the figure that a status rests on."""

from typing import Any

import pytest

from oic_assurance.operations.explain.figure import in_words, position_in_words

PERIOD = "1 Nov 2025 – 26 Nov 2026"


def test_a_share_of_no_case_has_no_numbers() -> None:
    nothing = {"numerator": 0, "denominator": 0, "value": None, "ci_low": None, "ci_high": None}
    assert in_words({"unit_of_value": "share", **nothing}) == "no cases"


@pytest.mark.parametrize(
    ("numbers", "period", "words"),
    [
        ((87, 100, 0.87), PERIOD, f"87.0%: 87 of 100, {PERIOD}"),
        ((87, 100, 0.87), None, "87.0%: 87 of 100"),
        ((0, 0, None), PERIOD, f"no cases, {PERIOD}"),
        ((None, None, None), None, None),
    ],
)
def test_the_figure_of_a_status_has_its_days(
    numbers: tuple[Any, Any, Any], period: str | None, words: str | None
) -> None:
    names = ("position_numerator", "position_denominator", "position_value")
    figure = {**dict(zip(names, numbers, strict=True)), "position_period": period}
    assert position_in_words(figure) == words

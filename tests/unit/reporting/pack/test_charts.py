"""The charts of the pack that have no control limits."""

from collections.abc import Callable
from datetime import date

import pytest

from oic_assurance.reporting.pack import charts
from oic_assurance.reporting.paper.document import Picture


@pytest.mark.parametrize(
    "draw",
    [
        lambda: charts.by_team("A title", [], "done", "outstanding"),
        lambda: charts.classes_by_month([], date(2026, 5, 15)),
        lambda: charts.modules_done([]),
    ],
)
def test_a_chart_without_a_case_counts_nothing(draw: Callable[[], Picture]) -> None:
    picture = draw()
    assert picture.text == "There is nothing to count yet."
    assert not picture.svg

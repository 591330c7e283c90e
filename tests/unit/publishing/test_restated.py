"""Changes between two publications add up, along the publications that lead from one to another."""

from datetime import date
from typing import Any

import pytest

from oic_assurance.publishing.restated import restated_figures, way

#: Publication 4 was rolled back: 5 was compared with 3, like 4.
LINE = {1: None, 2: 1, 3: 2, 4: 3, 5: 3, 6: 5}


def change(publication_id: int, cause: str, before: float | None, after: float | None,
           alone: float | None, records: int = 1) -> dict[str, Any]:  # fmt: skip
    return {
        "publication_id": publication_id,
        "measure_code": "hydra_completion",
        "period_start": date(2026, 4, 1),
        "org_unit_code": "ALL",
        "value_before": before,
        "value_after": after,
        "value_change": alone,
        "cause": cause,
        "record_count": records,
    }


@pytest.mark.parametrize(
    ("earlier", "later", "steps"),
    [
        (2, 6, [(3, True), (5, True), (6, True)]),
        (6, 6, []),
        (None, 3, [(1, True), (2, True), (3, True)]),
        # Back along the line undoes the changes.
        (6, 2, [(6, False), (5, False), (3, False)]),
        # Publication 4 was rolled back, so the way first goes back to publication 3.
        (4, 6, [(4, False), (5, True), (6, True)]),
    ],
)
def test_the_way_goes_over_the_last_common_publication(
    earlier: int | None, later: int, steps: list[tuple[int, bool]]
) -> None:
    assert way(LINE, earlier, later) == steps


def test_the_causes_add_up_over_several_publications() -> None:
    rows = [
        change(3, "DELETED_RECORD", 0.5, 0.6, -0.05, 2),
        change(3, "LATE_RECORD", 0.5, 0.6, 0.15, 3),
        change(5, "LATE_RECORD", 0.6, 0.65, 0.05),
    ]
    (one,) = restated_figures(rows, way(LINE, 2, 6))
    assert (one.before, one.after) == (0.5, 0.65)
    assert {cause: records for cause, (_, records) in one.causes.items()} == {
        "DELETED_RECORD": 2,
        "LATE_RECORD": 4,
    }
    alone = [change for change, _ in one.causes.values()]
    assert alone == pytest.approx([-0.05, 0.2])
    assert sum(change for change in alone if change is not None) == pytest.approx(0.65 - 0.5)


def test_a_change_that_was_rolled_back_is_undone() -> None:
    rows = [
        change(4, "LATE_RECORD", 0.5, 0.9, 0.4),
        change(5, "LATE_RECORD", 0.5, 0.6, 0.1),
    ]
    (one,) = restated_figures(rows, way(LINE, 4, 5))
    assert (one.before, one.after) == (0.9, 0.6)
    ((alone, records),) = one.causes.values()
    assert alone == pytest.approx(-0.3)
    assert records == 2


def test_a_figure_that_had_no_value_has_no_change() -> None:
    (one,) = restated_figures([change(3, "LATE_RECORD", None, 0.6, None)], way(LINE, 2, 3))
    assert one.causes == {"LATE_RECORD": (None, 1)}

"""The screen of a comparison says what changed, in values and in counts."""

from dataclasses import replace
from datetime import UTC, date, datetime

from oic_assurance.operations.compare import Comparison, FigureChange
from oic_assurance.publishing.publication import Publication
from oic_assurance.reporting.screens.compared import comparison_screen

FIGURE = FigureChange(
    measure_code="hydra_completion",
    month=date(2026, 4, 1),
    org_unit_code="ALL",
    before=0.5,
    after=0.5,
    counts_before=(5, 10),
    counts_after=(6, 12),
    was_over=True,
    causes={},
    by_time=0.0,
)


def publication(number: int) -> Publication:
    moment = datetime(2026, 5, number, 4, 30, tzinfo=UTC)
    return Publication(
        publication_id=number,
        force_code="E35",
        published_at=moment,
        as_at=moment,
        code_version=None,
        input_fingerprint=None,
        content_fingerprint=None,
        gate_verdict="passed",
        is_current=number == 2,
        withdrawn_at=None,
        withdrawn_because=None,
    )


def screen(*figures: FigureChange) -> str:
    found = Comparison(publication(1), publication(2), [], figures, way=[2], not_kept=[])
    return comparison_screen(found)


def test_a_figure_with_other_counts_and_the_same_value_is_listed_apart() -> None:
    shown = screen(FIGURE)
    assert "Figures whose counts changed and whose value did not" in shown
    assert "5/10" in shown
    assert "6/12" in shown
    assert "No value of a month that was over has changed." in shown
    assert "because time passed" not in shown


def test_a_figure_in_hours_has_no_numerator() -> None:
    hours = replace(
        FIGURE,
        measure_code="nccu_hours_to_submission_p50",
        counts_before=(None, 10),
        counts_after=(None, 12),
    )
    assert "None" not in screen(hours)
    assert "  10 " in screen(hours)


def test_a_figure_that_changed_with_time_is_not_called_restated() -> None:
    shown = screen(replace(FIGURE, before=0.4, by_time=0.1, was_over=False))
    assert "Figures that changed because time passed" in shown
    assert "counts changed" not in shown


def test_figures_that_only_one_publication_shows_are_told_and_explain_themselves() -> None:
    gone = [("hydra_completion", date(2026, month, 1), "NP") for month in (1, 2)]
    found = Comparison(
        publication(1), publication(2), [], [], way=[2], not_kept=[], not_compared=gone
    )
    assert found.is_explained
    assert "2 figures not compared (measure hydra_completion, 2 months, unit NP)" in " ".join(
        comparison_screen(found).split()
    )

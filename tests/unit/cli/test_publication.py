"""A comparison says what changed, in values and in counts."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from oic_assurance.cli.publication import comparison, previewed
from oic_assurance.cli.shown import as_text
from oic_assurance.operations.compare import Comparison, FigureChange, Key
from oic_assurance.operations.preview import Preview
from oic_assurance.publishing.publication import Publication

FIGURE = FigureChange(
    measure_code="hydra_completion",
    month=date(2026, 4, 1),
    org_unit_code="ALL",
    before=0.5,
    after=0.5,
    numerator_before=5,
    denominator_before=10,
    numerator_after=6,
    denominator_after=12,
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
    return as_text(comparison(found))


def test_a_figure_with_other_counts_and_the_same_value_is_listed_apart() -> None:
    shown = screen(FIGURE)
    assert "Figures whose counts changed and whose value did not" in shown
    assert "     5  10    6  12\n" in shown
    assert "No value of a month that was over has changed." in shown
    assert "because time passed" not in shown


def test_a_figure_in_hours_has_no_numerator() -> None:
    hours = replace(
        FIGURE,
        measure_code="nccu_hours_to_submission_p50",
        numerator_before=None,
        numerator_after=None,
    )
    assert "None" not in screen(hours)
    assert "     –  10    –  12\n" in screen(hours)


def test_a_figure_that_changed_with_time_is_not_called_restated() -> None:
    shown = screen(replace(FIGURE, before=0.4, by_time=0.1, was_over=False))
    assert "Figures that changed because time passed" in shown
    assert "counts changed" not in shown


def test_figures_that_only_one_publication_shows_are_told_and_explain_themselves() -> None:
    gone = [Key("hydra_completion", date(2026, month, 1), "NP") for month in (1, 2)]
    found = Comparison(
        publication(1), publication(2), [], [], way=[2], not_kept=[], not_compared=gone
    )
    assert found.is_explained
    assert "Not compared, because only one" in as_text(comparison(found))
    assert "hydra_completion  Feb 2026  NP\n" in as_text(comparison(found))


def test_a_restated_figure_has_a_row_for_each_cause_with_its_change_in_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    causes = {"LATE_RECORD": (0.1, 2), "RULE_CHANGE": (-0.05, 1)}
    restated = replace(FIGURE, before=0.4, after=0.5, by_time=0.05, causes=causes)
    shown = screen(restated)
    rows = [line.split("50.0%")[1].split() for line in shown.splitlines() if "50.0%" in line]
    assert [" ".join(row) for row in rows] == [
        "Late records +10.0 points 2", "Changed rule -5.0 points 1",
        "NOT EXPLAINED +5.0 points –",
    ]  # fmt: skip
    assert "NOT EXPLAINED: a figure of a month that was over" in shown
    assert (
        comparison(
            Comparison(publication(1), publication(2), [], [restated], way=[2], not_kept=[])
        ).exit_code
        == 1
    )


@pytest.mark.parametrize(("first", "is_told"), [("2026-05-02", False), ("2026-05-03", True)])
def test_a_preview_tells_a_row_that_begins_after_the_publication(first: str, is_told: bool) -> None:
    row = {"name": "policy_threshold", "when": "after", "row": {"effective_from": first}}
    found = Preview(publication(2), True, [], [row], [], [], [])
    told = "1 new row of policy with a later first day: nothing changes before 2026-05-03."
    assert (told in as_text(previewed(found))) == is_told

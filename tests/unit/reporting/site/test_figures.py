"""The page of a measure shows the figure of a synthetic force only, and says why there is none."""

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from oic_assurance.operations.explain.figure import Explained, in_words
from oic_assurance.reporting.paper.drawing import Picture
from oic_assurance.reporting.site.figures import Figures, Shown, current_figures, figure_section
from oic_assurance.settings import Settings, load_settings
from simulator import state

DAY = date(2026, 1, 1)
FORCE = state.State(seed=1, epoch=DAY, first=DAY, last=DAY, daily_since=DAY)
AS_AT = datetime(2026, 4, 21, 4, 30, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(
        load_settings(), home=tmp_path / "state", dropzone=f"file://{tmp_path / 'state'}/dropzone"
    )


@pytest.fixture
def figures() -> Figures:
    head = ("name", "meaning", "records", "numerator", "denominator")
    rows = [("complete", "Done", 41, 41, 41), ("not_complete", "Not done", 9, 0, 9)]
    classes = [dict(zip(head, row, strict=True)) for row in rows]
    row = {
        "measure_code": "hydra_completion", "unit_of_value": "share", "numerator": 41,
        "denominator": 50, "value": 0.82, "ci_low": 0.6919, "ci_high": 0.9023,
        "period_start": date(2026, 4, 1), "is_complete_period": False,
    }  # fmt: skip
    figure = Explained({**row, "in_words": in_words(row)}, classes, [])
    months = Picture("Hydra", "In words & signs.", "<svg>\n\n</svg>", ("Month",), (("Apr 2026",),))
    return Figures(7, AS_AT, {"hydra_completion": Shown(figure, months)})


def test_the_figure_is_stamped_marked_as_made_up_and_agrees_with_explain(figures: Figures) -> None:
    section = figure_section("hydra_completion", figures)
    assert '!!! warning "Made-up data"' in section
    assert "publication 7,\n    as at Tue 21 Apr 2026 05:30" in section
    assert "**April 2026, so far**: 82.0%: 41 of 50, 95% interval 69.2–90.2%." in section
    assert "| not_complete | 9 | 0 | 9 | Not done |" in section
    assert "\n\n</svg>" not in section, "a blank line ends an HTML block of Markdown"
    assert "In words &amp; signs." in section
    assert "    | Apr 2026 |" in section


def test_without_a_publication_the_page_says_how_to_see_a_figure(figures: Figures) -> None:
    section = figure_section("hydra_completion", "Nothing has been run here yet.")
    assert "Nothing has been run here yet." in section
    assert "`make run`" in section
    assert "`make docs`" in section
    assert "`assurance explain hydra_completion`" in section
    assert "no such measure" in figure_section("brand_new", figures)


def test_no_figure_is_read_where_nothing_was_run(settings: Settings) -> None:
    assert current_figures(settings) == "Nothing has been run here yet."


def test_no_figure_of_data_that_was_not_simulated_is_shown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.home.mkdir()
    assert "not that of a synthetic force" in str(current_figures(settings))
    state.write(settings.home / "simulator", FORCE)
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgres://somewhere.example/rms")
    assert "not that of a synthetic force" in str(current_figures(settings))
    monkeypatch.delenv("AIRFLOW_CONN_RMS")
    elsewhere = dataclasses.replace(settings, dropzone="sftp://somewhere.example/drop")
    assert "not that of a synthetic force" in str(current_figures(elsewhere))


def test_a_server_that_is_not_running_is_said_with_what_to_do(settings: Settings) -> None:
    state.write(settings.home / "simulator", FORCE)
    assert "assurance db start" in str(current_figures(settings))

"""A colour has one meaning everywhere. It can be read on white, and told apart in grey."""

from itertools import combinations

import pytest

from oic_assurance.reporting.dashboards.colours import colours
from oic_assurance.reporting.dashboards.datasets import datasets
from oic_assurance.reporting.dashboards.vocabulary import VOCABULARIES
from tests.unit.reporting.dashboards.support import PROJECT, parsed

COLOURS = colours(PROJECT)
#: The series that stand together in one chart.
TOGETHER = {
    "document status": [*VOCABULARIES["intelligence_class"].values()],
    "days": [*VOCABULARIES["age_band"]],
    # Superset chooses the colour of a further point.
    "points": [*VOCABULARIES["point"].values()][:4],
    "checks": ["Passed", "Failed"],
    "views and strands": ["Yes", "No"],
    "modules": [f"E-learning module {number}" for number in (1, 2, 3, 4)],
    "share": ["With document", "This month so far", "Target", "95% interval"],
    "training": ["Hydra completed", "This month so far", "Target", "95% interval"],
    "actions": ["Closed", "Overdue", "Replaced by another action", "Open"],
}
#: All that may be red: what failed, is missing or is overdue, and the answer No.
RED = {"Missing", "No", "Failed", "Overdue", "Could not be extracted"}
#: What is written in its colour, where its line ends.
WRITTEN = ("first", "second", "third", "fourth", "met", "so_far", "target", "interval")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, from 0 for black to 1 for white."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def lightness(colour: str) -> float:
    """Lightness from 0 to 100 as the eye sees it (L* of CIELAB)."""
    shown = luminance(colour)
    return 116 * shown ** (1 / 3) - 16 if shown > 0.008856 else 903.3 * shown


def test_red_means_failed_missing_or_overdue() -> None:
    failed = {name for name, meaning in COLOURS.series.items() if meaning == "failed"}
    failed |= {word for word, meaning in COLOURS.words.items() if meaning == "failed"}
    assert failed == RED
    for name, colour in COLOURS.meanings.items():
        red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
        assert (red > 1.8 * max(green, blue)) == (name == "failed") or name == "second"


def test_every_colour_can_be_seen_on_white() -> None:
    for meaning, colour in COLOURS.meanings.items():
        least = 4.5 if meaning in WRITTEN else 3
        assert 1.05 / (luminance(colour) + 0.05) >= least, meaning


def test_a_coloured_word_can_be_read_on_its_colour() -> None:
    for word, colour in COLOURS.of_words.items():
        on = luminance(colour) + 0.05
        assert max(1.05 / on, on / 0.05) >= 4.5, word


@pytest.mark.parametrize("together", TOGETHER.values(), ids=[*TOGETHER])
def test_the_colours_of_one_chart_differ_in_lightness(together: list[str]) -> None:
    given = COLOURS.of_series([])
    for one, other in combinations(together, 2):
        difference = abs(lightness(given[one]) - lightness(given[other]))
        assert difference >= 3.5, f"{one} and {other}"


def test_the_words_with_a_colour_are_words_that_tables_show() -> None:
    known = {word for vocabulary in VOCABULARIES.values() for word in vocabulary.values()}
    assert {*COLOURS.words} <= known


def test_every_dashboard_gives_a_series_the_same_colour() -> None:
    for one in parsed("dashboards/").values():
        assert one["metadata"]["label_colors"].items() >= COLOURS.of_series([]).items()


def test_a_series_with_the_name_of_a_column_has_its_colour_under_both_names() -> None:
    checks = datasets(PROJECT)["check_result"]
    given = COLOURS.of_series([checks])
    assert given["passed"] == given["Passed"] == COLOURS.meanings["met"]
    assert given["failed"] == given["Failed"] == COLOURS.meanings["failed"]

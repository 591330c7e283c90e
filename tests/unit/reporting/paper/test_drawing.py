"""A chart is drawn once: the next pack takes its drawing from the file of the pack before."""

import json
from pathlib import Path
from typing import Any

import altair as alt
import pytest

from oic_assurance.reporting.paper import drawing
from oic_assurance.reporting.paper.drawing import data, drawings_kept, svg


def bars(count: int) -> alt.Chart:
    rows = [{"name": "Daventry", "count": count}]
    return alt.Chart(data(rows)).mark_bar().encode(x="count:Q", y="name:N")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The counts in the charts that were drawn, in their order."""
    counts: list[int] = []
    draw = drawing._draw

    def noted(specification: dict[str, Any]) -> str:
        [row] = specification["data"]["values"]
        counts.append(row["count"])
        return draw(specification)

    monkeypatch.setattr(drawing, "_draw", noted)
    return counts


def test_only_what_has_changed_is_drawn_and_the_text_is_the_same(
    tmp_path: Path, drawn: list[int]
) -> None:
    file = tmp_path / "drawings.json"
    alone = svg(bars(1))
    for counts in ([1, 2], [1, 3], [1, 3]):
        with drawings_kept(file):
            assert svg(bars(counts[0])) == alone
            svg(bars(counts[1]))
        # A drawing that the last pack does not show is no longer kept.
        assert len(json.loads(file.read_text(encoding="utf-8"))) == 2
    assert drawn == [1, 1, 2, 3]


@pytest.mark.parametrize("content", ["", '{"a": "<s'])
def test_a_file_that_was_cut_off_is_made_again(
    tmp_path: Path, drawn: list[int], content: str
) -> None:
    file = tmp_path / "drawings.json"
    file.write_text(content, encoding="utf-8")
    with drawings_kept(file):
        svg(bars(1))
    assert (drawn, len(json.loads(file.read_text(encoding="utf-8")))) == ([1], 1)


def test_another_version_of_the_converter_draws_again(
    tmp_path: Path, drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "drawings.json"
    with drawings_kept(file):
        svg(bars(1))
    monkeypatch.setattr(drawing, "version", lambda name: "another")
    with drawings_kept(file):
        svg(bars(1))
    assert drawn == [1, 1]


def test_a_pack_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "drawings.json"

    def draw_and_fail() -> None:
        svg(bars(1))
        raise ValueError("no figure")

    with pytest.raises(ValueError, match="no figure"), drawings_kept(file):
        draw_and_fail()
    assert not file.exists()

"""Test the documentation site's navigation and lineage drawings."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.reporting.site import drawing, hooks, lineage

BOX = re.compile(r'<rect x="(-?\d+)" y="(\d+)" width="(\d+)" height="(\d+)"')


def _node(place: str, *made_of: str) -> dict[str, Any]:
    return {"resource_type": "model", "name": Path(place).stem, "path": f"{place}.sql",
            "description": "A <b> model.", "depends_on": {"nodes": list(made_of)}}  # fmt: skip


@pytest.fixture
def manifest() -> dict[str, Any]:
    """A dbt manifest with two source tables, two marts, and the models between them.

    Both marts depend on the model `int_class`. No mart depends on `int_other`.
    """
    nodes = {
        "model.stg_hr": _node("staging/hr/stg_hr", "source.person"),
        "model.stg_rms": _node("staging/rms/stg_rms", "source.referral"),
        "model.int_class": _node("intermediate/nccu/int_class", "model.stg_hr", "model.stg_rms"),
        "model.int_share": _node("intermediate/measures/int_share", "model.int_class"),
        "model.int_other": _node("intermediate/plans/int_other", "model.stg_hr"),
        "model.assurance_measure": _node(
            "marts/assurance/assurance_measure", "model.int_share", "model.int_class"
        ),
        "model.assurance_position": _node(
            "marts/assurance/assurance_position", "model.int_class", "model.stg_audit"
        ),
        "model.stg_audit": _node("staging/audit/stg_audit"),
    }
    sources = {
        f"source.{name}": {
            "resource_type": "source",
            "name": name,
            "schema": "raw_general",
            "path": "staging/_general__sources.yml",
            "description": "As delivered.",
        }
        for name in ("person", "referral")
    }
    return {"nodes": nodes, "sources": sources}


def test_the_path_to_a_figure_has_only_models_that_it_depends_on(manifest: dict[str, Any]) -> None:
    path = lineage.path_to_figure(lineage.lineage(manifest), "int_class")
    assert {model.name for model in path} == {
        "person", "referral", "stg_hr", "stg_rms", "int_class", "int_share",
        "assurance_measure", "assurance_position",
    }  # fmt: skip
    edges = {(parent.name, child.name) for parent, child in path.edges}
    assert ("int_share", "assurance_measure") in edges
    assert ("int_class", "assurance_measure") not in edges, "a longer path implies it"


def test_the_overview_has_folders(manifest: dict[str, Any]) -> None:
    sources = manifest["sources"]
    sources["source.unread"] = {**sources["source.person"], "name": "unread"}
    folders = lineage.overview(lineage.lineage(manifest))
    assert {one.name for one in folders if one.layer == "raw"} == {"hr", "rms"}
    edges = {(f"{one.layer} {one.name}", f"{two.layer} {two.name}") for one, two in folders.edges}
    assert ("raw hr", "staging hr") in edges
    assert ("staging rms", "intermediate nccu") in edges
    assert ("intermediate nccu", "mart assurance") in edges


def test_boxes_do_not_overlap_and_link_to_their_models(manifest: dict[str, Any]) -> None:
    graph = lineage.lineage(manifest)
    links = {model: f"#{model.name}" for model in graph}
    drawn = drawing.picture(graph, "All & everything", links)
    boxes = [tuple(map(int, found)) for found in BOX.findall(drawn)]
    assert len(boxes) == len(graph)
    for (x, y, width, height), (other_x, other_y, _, _) in combinations(boxes, 2):
        assert abs(x - other_x) >= width or abs(y - other_y) >= height
    for model in graph:
        assert f'<a href="#{model.name}">' in drawn
    assert 'aria-label="All &amp; everything"' in drawn
    assert "A &lt;b&gt; model." in drawn


def test_the_navigation_has_every_page_once() -> None:
    known = ["README.md", "a.md", "b.md", "c/README.md", "c/1.md", "c/e/2.md", "d.md"]
    given = ["README.md", {"Do": ["a.md", "gone.md"]}, {"Know": ["c/", {"Dee": "d.md"}]},
             {"No": ["f/"]}, {"Gone": "gone.md"}]  # fmt: skip
    assert hooks.navigation(given, known) == [
        "README.md",
        {"Do": ["a.md"]},
        {"Know": ["c/README.md", "c/1.md", {"Dee": "d.md"}]},
        {"More": ["b.md", "c/e/2.md"]},
    ]


def test_the_pages_of_a_folder_have_the_order_of_its_readme() -> None:
    texts = {"c/README.md": "[Z](z.md) [A](a.md) [Z](z.md)"}
    known = ["c/a.md", "c/b.md", "README.md", "c/z.md", "c/README.md"]
    assert hooks.in_order(known, lambda page: texts.get(page, "")) == [
        "README.md", "c/README.md", "c/z.md", "c/a.md", "c/b.md",
    ]  # fmt: skip

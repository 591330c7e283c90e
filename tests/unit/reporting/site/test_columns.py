"""Each column of a mart is followed to columns of the sources, or it is said why there are none."""

import re
from itertools import pairwise
from typing import Any

import pytest

from oic_assurance.builds.column_lineage import Input
from oic_assurance.builds.compiled import Compiled
from oic_assurance.reporting.documents.marts import Mart, MartColumn
from oic_assurance.reporting.site.column_drawing import LINE, column_picture
from oic_assurance.reporting.site.columns import Lineage, mart_section

MART, STEP, SEED = (
    "model.oic_assurance.fct", "model.oic_assurance.step", "seed.oic_assurance.policy",
)  # fmt: skip
UNTRACED = "model.oic_assurance.untraced"
PERSON = "source.oic_assurance.general.personnel"
BUILD = "source.oic_assurance.audit.build"


def _node(kind: str, name: str, schema: str = "x") -> dict[str, Any]:
    return {"resource_type": kind, "name": name, "schema": schema}


@pytest.fixture
def lineage() -> Lineage:
    manifest = {
        "nodes": {
            MART: _node("model", "fct"),
            STEP: _node("model", "step"),
            SEED: _node("seed", "policy"),
            UNTRACED: _node("model", "untraced"),
        },
        "sources": {
            PERSON: _node("source", "personnel", "raw_general"),
            BUILD: _node("source", "build", "audit"),
        },
    }
    columns = {
        MART: {
            "role": (Input(SEED, "words"), Input(STEP, "role")),
            "as_on": (Input(BUILD, "as_at"),),
            "kind": (),
            "old": (Input(UNTRACED, "old"),),
            "records": (Input(STEP, "records"),),
        },
        STEP: {"role": (Input(PERSON, "role_code"),), "records": ()},
    }
    return Lineage(Compiled(manifest, columns))


def test_a_column_is_followed_through_the_models_to_sources_and_seeds(lineage: Lineage) -> None:
    origin = lineage.origin("fct", "role")
    assert origin.columns == (Input(SEED, "words"), Input(PERSON, "role_code"))
    assert origin.reason is None
    assert lineage.in_words(origin.columns, "../", "dbt.html") == (
        "[hr/personnel](../datasets/hr_personnel.md): `role_code`; "
        "[policy](../dbt.html#!/seed/seed.oic_assurance.policy): `words`"
    )


def test_a_column_without_an_origin_has_a_reason_that_names_the_model(lineage: Lineage) -> None:
    assert lineage.origin("fct", "kind").reason == "a fixed value or a number of rows"
    assert lineage.origin("fct", "records").reason == (
        "a fixed value or a number of rows in `step.records`"
    )
    assert lineage.origin("fct", "old").reason == (
        "`untraced` is not traced: its SQL depends on a server"
    )


def test_only_paths_through_the_named_models_are_followed(lineage: Lineage) -> None:
    assert lineage.origin("fct", "role", {"fct"}).columns == (Input(SEED, "words"),)


def test_the_page_of_a_mart_has_a_line_for_each_column_and_counts_those_with_an_origin(
    lineage: Lineage,
) -> None:
    names = ("role", "as_on", "kind", "old", "records")
    columns = tuple(MartColumn(name, "text", "", ()) for name in names)
    section = mart_section(Mart("marts", "fct", "", columns, (), ()), lineage, "../../", "dbt.html")
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(names)
    assert "2 of the 5 columns come from a column named here." in section
    assert "| `as_on` | [audit.build](../../dbt.html#!/source/" in section


def test_a_view_of_a_migration_says_that_no_model_computes_it(lineage: Lineage) -> None:
    view = Mart("marts", "seen", "", (MartColumn("a", "text", "", ()),), (), (), is_view=True)
    assert "which no model computes" in mart_section(view, lineage, "", "dbt.html")


def test_a_drawing_has_each_name_once_and_a_line_for_each_input() -> None:
    drawn = column_picture(
        "A & B", "fct", {"a": [("t", "x"), ("s", "y")], "b": [("t", "x")], "c": []}
    )
    assert re.findall(r">([^<>]+)</text>", drawn) == ["s", "y", "t", "x", "fct", "a", "b", "c"]
    assert drawn.count("<path ") == 3
    assert 'aria-label="A &amp; B"' in drawn
    lines = [int(y) for y in re.findall(r'<text x="6" y="(\d+)"', drawn)]
    assert all(LINE - 1 <= below - above <= LINE + 1 for above, below in pairwise(lines))

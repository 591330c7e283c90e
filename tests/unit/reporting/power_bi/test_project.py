"""The Power BI project is complete, and nothing in it can mislead a report author."""

import json
import re
import shutil
import zipfile
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.datasets import FOLDER as DASHBOARDS
from oic_assurance.reporting.documents.marts import MODELS
from oic_assurance.reporting.power_bi.description import FOLDER, QUESTIONS, measures, pages
from oic_assurance.reporting.power_bi.model import Model, semantic_model
from oic_assurance.reporting.power_bi.project import NAME, project
from oic_assurance.settings import load_settings

ROOT = load_settings().project_root
#: Functions of DAX, of Microsoft's reference, which the measures use.
FUNCTIONS = {
    "ALL", "ALLNOBLANKROW", "CALCULATE", "CONCATENATEX", "COUNTROWS", "DISTINCT", "DISTINCTCOUNT",
    "DIVIDE", "FALSE", "FILTER", "FORMAT", "HASONEVALUE", "IF", "ISBLANK", "LOOKUPVALUE", "MAX",
    "MAXX", "MEDIAN", "NOT", "REMOVEFILTERS", "SELECTCOLUMNS", "SELECTEDVALUE", "SQRT", "SUM",
    "TRUE", "UNICHAR", "UNION",
}  # fmt: skip


@cache
def whole_model() -> Model:
    return semantic_model(ROOT)


@cache
def files() -> dict[str, str]:
    return project(ROOT)


@cache
def visuals() -> dict[str, Any]:
    return {
        place: json.loads(text) for place, text in files().items() if place.endswith("visual.json")
    }


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A project folder with what the Power BI project is made from, which a test can damage."""
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    for place in (DASHBOARDS, MODELS):
        shutil.copytree(ROOT / place, tmp_path / place)
    (tmp_path / QUESTIONS).parent.mkdir(parents=True)
    shutil.copy(ROOT / QUESTIONS, tmp_path / QUESTIONS)
    return tmp_path


def fields(content: Any) -> set[tuple[str, str]]:
    """Return the table and name of every field in a part of a visual."""
    if isinstance(content, list):
        return {field for one in content for field in fields(one)}
    if not isinstance(content, dict):
        return set()
    if "Property" in content:
        source = content["Expression"]["SourceRef"]
        return {(source["Entity"], content["Property"])} if "Entity" in source else set()
    return {field for one in content.values() for field in fields(one)}


def names(model: Model) -> set[tuple[str, str]]:
    columns = {(table.name, one.name) for table in model.tables for one in table.columns}
    return columns | {(table.name, one.name) for table in model.tables for one in table.measures}


def test_every_field_of_a_visual_exists_in_the_model() -> None:
    used = {field for visual in visuals().values() for field in fields(visual)}
    assert len(used) > 30
    assert used <= names(whole_model())


def test_a_report_uses_no_hidden_column_but_in_filters() -> None:
    hidden = {
        (table.name, column.name)
        for table in whole_model().tables
        for column in table.columns
        if column.is_hidden
    }
    shown = {
        field for one in visuals().values() for field in fields(one["visual"].get("query", {}))
    }
    assert shown & hidden == set()


def test_every_page_begins_with_the_publication_and_the_caveats() -> None:
    for page in pages(ROOT):
        place = f"{NAME}.Report/definition/pages/{page.name}/visuals"
        first = sorted(
            (one for path, one in visuals().items() if path.startswith(place)),
            key=lambda one: one["position"]["tabOrder"],
        )[1:3]
        assert ("publication", "Publication shown") in fields(first[0])
        assert ("assurance_answer", "caveat_words") in fields(first[1])
        assert "filterConfig" not in first[0]


def test_every_visual_has_a_text_for_screen_readers_and_its_place_in_the_tab_order() -> None:
    for place, visual in visuals().items():
        texts = visual["visual"]["visualContainerObjects"]["general"][0]["properties"]
        assert len(texts["altText"]["expr"]["Literal"]["Value"]) > 8, place
    by_page = Counter(
        (place.split("/visuals/")[0], one["position"]["tabOrder"])
        for place, one in visuals().items()
    )
    assert set(by_page.values()) == {1}


def test_the_name_of_a_filter_is_the_only_one_of_the_report() -> None:
    found = Counter(re.findall(r'"name": "([\w-]+)",\s+"field"', "".join(files().values())))
    assert len(found) >= 4
    assert set(found.values()) == {1}


def test_visuals_lie_on_their_page_and_do_not_overlap() -> None:
    for path, text in files().items():
        if not path.endswith("/page.json"):
            continue
        page, folder = json.loads(text), path.removesuffix("page.json")
        places = [one["position"] for name, one in visuals().items() if name.startswith(folder)]
        for place in places:
            assert 0 <= place["x"] < place["x"] + place["width"] <= page["width"]
            assert 0 <= place["y"] < place["y"] + place["height"] <= page["height"]
        for one, other in combinations(places, 2):
            apart = (
                one["x"] + one["width"] <= other["x"]
                or other["x"] + other["width"] <= one["x"]
                or one["y"] + one["height"] <= other["y"]
                or other["y"] + other["height"] <= one["y"]
            )
            assert apart, (path, one, other)


def test_between_two_tables_there_is_only_one_path_for_a_filter() -> None:
    toward: dict[str, list[str]] = {}
    for one in whole_model().relationships:
        toward.setdefault(one.table, []).append(one.to_table)

    def paths(table: str, target: str) -> int:
        return sum(1 if one == target else paths(one, target) for one in toward.get(table, []))

    found = {
        (table.name, other.name): paths(table.name, other.name)
        for table in whole_model().tables
        for other in whole_model().tables
    }
    assert max(found.values()) == 1
    assert found["fct_nccu_referral", "dim_org_unit"] == 1
    assert found["assurance_position", "dim_org_unit"] == 0


def test_both_ends_of_a_relationship_are_in_the_model_and_its_many_side_is_hidden() -> None:
    columns = {
        (table.name, column.name): column
        for table in whole_model().tables
        for column in table.columns
    }
    assert len(whole_model().relationships) > 25
    for one in whole_model().relationships:
        assert columns[one.table, one.column].type == columns[one.to_table, one.to_column].type
        assert columns[one.table, one.column].is_hidden


def test_what_may_not_be_added_up_is_hidden_and_nothing_is_added_up_by_itself() -> None:
    hidden = {
        column.name
        for table in whole_model().tables
        if table.name == "assurance_measure"
        for column in table.columns
        if column.is_hidden
    }
    assert {"numerator", "denominator", "value", "ci_low", "own_numerator"} <= hidden
    model = files()[f"{NAME}.SemanticModel/definition/model.tmdl"]
    assert "\n\tdiscourageImplicitMeasures\n" in model
    for place, text in files().items():
        if "/tables/" in place:
            assert text.count("summarizeBy: none") == len(re.findall(r"^\tcolumn ", text, re.M))


def test_every_measure_says_what_it_is_and_uses_only_what_exists() -> None:
    known = names(whole_model())
    own = {one.name for table in whole_model().tables for one in table.measures}
    for table in whole_model().tables:
        for measure in table.measures:
            assert measure.description, measure.name
            text = re.sub(r'"[^"]*"', "", measure.dax)
            assert {*re.findall(r"(\w+)\[(\w+)\]", text)} <= known, measure.name
            asked = {*re.findall(r"(?<![\w\]])\[([^\]]+)\]", text)}
            assert asked <= own, measure.name
            assert {*re.findall(r"\b([A-Z]+) \(", text)} <= FUNCTIONS, measure.name
            assert text.count("(") == text.count(")"), measure.name


def test_the_measures_of_the_ten_questions_are_in_the_model() -> None:
    page = (ROOT / QUESTIONS).read_text(encoding="utf-8")
    asked = {*re.findall(r"```dax\n(.+?) =\n?", page)}
    assert len(asked) >= 10
    assert {name.removesuffix(" =").strip() for name in asked} <= {
        " ".join(one.name.split()) for one in measures(ROOT)
    }


def test_the_publications_of_all_tables_are_compared() -> None:
    [compared] = [one for one in measures(ROOT) if one.name == "Is of one publication"]
    assert "{one_publication}" in compared.dax
    [table] = [one for one in whole_model().tables if one.name == "publication"]
    [measure] = [one for one in table.measures if one.name == compared.name]
    for one in whole_model().tables:
        if one.name not in ("publication", "position_as_published"):
            assert f"ALLNOBLANKROW ( {one.name}[publication_id] )" in measure.dax


def test_no_reference_of_a_record_no_version_of_an_officer_and_no_password_is_in_it() -> None:
    columns = {name for _, name in names(whole_model())}
    assert not columns & {"officer_version_key", "referral_ref", "report_urn", "record_ref"}
    tables = {table for table, name in names(whole_model()) if name == "officer_key"}
    assert tables == {"fct_training_requirement"}
    everything = "".join(files().values())
    assert "bi_reader" not in everything
    assert 'expression Server = "localhost:5432"' in everything


def test_the_command_writes_the_project_as_a_file_to_unpack(tmp_path: Path) -> None:
    place = tmp_path / "power-bi.zip"
    assert run_command(["pack", "power-bi", "--to", str(place)]) == 0
    with zipfile.ZipFile(place) as made:
        assert {name: made.read(name).decode() for name in made.namelist()} == files()


@pytest.mark.parametrize("command", [["pack", "power-bi", "--to"], ["superset", "--bundle"]])
def test_a_file_that_cannot_be_written_is_an_error_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    place = tmp_path / "not there" / "file.zip"
    assert run_command([*command, str(place)]) == 2
    assert f"{place} cannot be written: No such file or directory." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("model.yml", "  - fct_plan_strand", "  - fct_plan_sand", "there is no mart fct_plan_sand"),
        ("model.yml", "Team: team_label", "Team: crew", "dim_org_unit has no crew"),
        ("model.yml", "dim_measure: [point_code]", "dim_measure: [title]", "no relationship"),
        ("measures.yml", "\nfct_plan_strand:", "\nfct_sand:", "'Strands met' is of no table"),
        ("measures.yml", "\n  Referrals:", "\n  Open exceptions:", "two measures are named"),
        ("questions.yml", "Median hours:", "Mean hours:", "'Median hours' has no format"),
        ("pages/4-plans.yml", "width: 8", "width: 7", "the row of '.*' is not 12 wide"),
        ("pages/4-plans.yml", "kind: card", "kind: pie", "there is no kind pie"),
        ("pages/4-plans.yml", "[Strands met]", "[Strings]", r"the model has no \[Strings\]"),
        ("pages/4-plans.yml", "slicers: []", "slicers: [Moon]", "there is no slicer Moon"),
        ("pages/4-plans.yml", "    alt: The share", "    all: The share", "has no alt"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_an_error_that_names_it(
    described: Path, file: str, old: str, new: str, message: str
) -> None:
    path = described / FOLDER / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AssuranceError, match=message):
        project(described)

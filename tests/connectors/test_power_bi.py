"""Microsoft's own library and schemas, and parsers of DAX and M, accept the Power BI project.

Power BI itself does not run here, so nothing of this shows that it draws the report. The packages
are only installed for `make test-all`, so the tests import them.
"""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from oic_assurance.reporting.power_bi.model import semantic_model
from oic_assurance.reporting.power_bi.project import NAME, project
from oic_assurance.settings import load_settings
from oic_assurance.storage.zipped import zipped
from tests.connectors import tabular_model

pytestmark = pytest.mark.slow

ROOT = load_settings().project_root
FILES = project(ROOT)
SCHEMAS = "powerbi_mcp.validation.schemas"
#: What Microsoft's schemas refer to, and the package with the schemas does not have. Our own tests
#: check the queries, filters and colours that these schemas describe.
NOT_HERE = (
    "visualConfiguration", "filterConfiguration", "formattingObjectDefinitions", "semanticQuery",
)  # fmt: skip


def read(definition: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", tabular_model.__name__, str(definition)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model, as it is after the project was unpacked."""
    folder = tmp_path_factory.mktemp("power-bi")
    with zipfile.ZipFile(io.BytesIO(zipped(FILES))) as made:
        made.extractall(folder)
    return folder / f"{NAME}.SemanticModel" / "definition"


@pytest.fixture(scope="module")
def model(definition: Path) -> dict[str, Any]:
    done = read(definition)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["model"]
    return found


def test_the_library_reads_every_table_column_measure_and_relationship(
    model: dict[str, Any],
) -> None:
    ours = semantic_model(ROOT)
    tables = {table["name"]: table for table in model["tables"]}
    assert {*tables} == {table.name for table in ours.tables}
    for table in ours.tables:
        read_columns = {one["name"]: one for one in tables[table.name]["columns"]}
        assert {*read_columns} == {column.name for column in table.columns}
        for column in table.columns:
            assert read_columns[column.name]["dataType"] == column.type
            assert read_columns[column.name]["summarizeBy"] == "none"
            assert read_columns[column.name].get("isHidden", False) == column.is_hidden
            assert read_columns[column.name].get("sortByColumn", "") == column.sort_by
        measures = {one["name"]: one for one in tables[table.name].get("measures", [])}
        for measure in table.measures:
            text = measures[measure.name]["expression"]
            lines = text if isinstance(text, str) else "\n".join(text)
            assert lines.split() == measure.dax.split()
            assert measures[measure.name]["description"]
    related = {
        (one["fromTable"], one["fromColumn"], one["toTable"], one["toColumn"])
        for one in model["relationships"]
    }
    assert related == {
        (one.table, one.column, one.to_table, one.to_column) for one in ours.relationships
    }
    assert all("crossFilteringBehavior" not in one for one in model["relationships"])
    assert model["discourageImplicitMeasures"] is True


def test_the_date_table_and_the_hierarchies_are_what_they_should_be(model: dict[str, Any]) -> None:
    tables = {table["name"]: table for table in model["tables"]}
    assert tables["dim_date"]["dataCategory"] == "Time"
    assert [one["name"] for one in tables["dim_date"]["columns"] if one.get("isKey")] == [
        "date_day"
    ]
    for table, levels in (
        ("dim_date", ["Financial year", "Quarter", "Month"]),
        ("dim_org_unit", ["Directorate", "District", "Team"]),
    ):
        [hierarchy] = tables[table]["hierarchies"]
        assert [level["name"] for level in hierarchy["levels"]] == levels


def test_the_library_refuses_a_model_that_is_wrong(definition: Path, tmp_path: Path) -> None:
    shutil.copytree(definition, tmp_path / "definition")
    table = tmp_path / "definition" / "tables" / "dim_point.tmdl"
    table.write_text(table.read_text().replace("dataType: string", "dataType: strung", 1))
    done = read(tmp_path / "definition")
    assert done.returncode != 0
    assert "strung" in done.stderr
    assert "dim_point" in done.stderr


def test_a_parser_reads_every_measure() -> None:
    from pbi_parsers import dax

    expressions = [one.dax for table in semantic_model(ROOT).tables for one in table.measures]
    assert len(expressions) > 40
    for expression in expressions:
        assert dax.to_ast(expression) is not None, expression
    with pytest.raises(Exception):  # noqa: B017 - the parser has no error of its own
        dax.to_ast(expressions[0] + " )")


def test_a_parser_reads_every_query_of_a_table(model: dict[str, Any]) -> None:
    from pbi_parsers import pq

    texts = [one["partitions"][0]["source"]["expression"] for one in model["tables"]]
    texts += [one["expression"] for one in model["expressions"] if one["name"] == "InLondon"]
    for text in texts:
        assert pq.to_ast(text if isinstance(text, str) else "\n".join(text)) is not None


def schema(address: str) -> dict[str, Any]:
    schemas = tabular_model.folder_of(SCHEMAS)
    index = json.loads((schemas / "INDEX.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads((schemas / index[address]).read_text(encoding="utf-8"))
    return found


JSON_FILES = {
    place: json.loads(text)
    for place, text in FILES.items()
    if not place.endswith(".tmdl") and "StaticResources" not in place
}


def test_every_file_is_valid_by_microsofts_schema_of_its_kind() -> None:
    assert len(JSON_FILES) > 50
    for place, content in JSON_FILES.items():
        rules = without_missing(schema(content["$schema"]))
        errors = [error.message for error in Draft7Validator(rules).iter_errors(content)]
        assert errors == [], place


@pytest.mark.parametrize("name", ["page.json", "visual.json", "report.json", "definition.pbir"])
def test_a_file_with_an_unknown_entry_is_not_valid(name: str) -> None:
    found = next(one for place, one in JSON_FILES.items() if Path(place).name == name)
    content = found | {"unknown": 1}
    rules = without_missing(schema(content["$schema"]))
    assert [*Draft7Validator(rules).iter_errors(content)]


def without_missing(rules: Any) -> Any:
    """Return a schema in which what is not here accepts everything."""
    if isinstance(rules, list):
        return [without_missing(one) for one in rules]
    if not isinstance(rules, dict):
        return rules
    if any(f"/{name}/" in str(rules.get("$ref", "")) for name in NOT_HERE):
        return True
    return {key: without_missing(one) for key, one in rules.items()}

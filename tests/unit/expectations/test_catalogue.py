"""Each table has a suite, and each expectation has a description, a severity and an owner."""

import re
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

import expectations
from expectations.catalogue import suites, suites_of, suites_of_kind
from expectations.shared.suite_definition import SuiteDefinition
from expectations.vocabulary import (
    Expectation,
    Suite,
    every_row,
    one_of,
)
from oic_assurance.settings import Kind
from oic_assurance.sources.declarations.load import datasets
from tests.commands import python

#: The columns of the primary key that every mart has besides its own.
OF_EVERY_MART = {"publication_id", "force_code"}
PROJECT = Path(expectations.__path__[0]).parent
MODELS = PROJECT / "dbt_project" / "models"
MARTS = MODELS / "marts"


def test_every_raw_table_has_a_suite() -> None:
    declared = {
        f"{dataset.raw_schema}.{table.name}"
        for dataset in datasets().values()
        for table in dataset.tables
    }
    assert {suite.name for suite in suites_of("landing")} == declared


def test_every_mart_has_a_suite() -> None:
    models = {path.stem for path in MARTS.rglob("*.sql")}
    assert len(models) >= 17
    named = {
        f"public_{suite.table}" if suite.schema == "candidate_public" else suite.table
        for stage in ("marts", "sealed")
        for suite in suites_of(stage)  # type: ignore[arg-type]
    }
    assert named == models


def test_sealed_suites_are_of_the_sealed_models() -> None:
    sealed = {path.stem for path in MARTS.rglob("*.sql") if '"sealed"' in path.read_text("utf-8")}
    assert {suite.dataset for suite in suites_of("sealed")} == sealed


@cache
def models() -> dict[str, Any]:
    """Return what the YAML says of each model."""
    files = (yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) for path in MODELS.rglob("*.yml"))
    return {one["name"]: one for file in files for one in file.get("models", ())}


def of_marts() -> list[Suite]:
    """Return the suites of the marts of both kinds of warehouse."""
    return [
        suite
        for kind in get_args(Kind)
        for suite in suites_of_kind(kind)
        if suite.stage != "landing"
    ]


def arguments(declared: dict[str, Any], test: str) -> list[dict[str, Any]]:
    """Return the arguments of the data tests of a kind, of a model or a column."""
    given = [one for one in declared.get("data_tests", ()) if not isinstance(one, str)]
    return [one[test]["arguments"] for one in given if test in one]


@pytest.mark.parametrize("suite", of_marts(), ids=lambda suite: suite.name)
def test_the_key_of_a_mart_is_enforced(suite: Suite) -> None:
    """No suite checks that a key is unique: a primary key or a test of dbt enforces it."""
    model = models()[suite.dataset]
    keys = [one["columns"] for one in model["constraints"] if one["type"] == "primary_key"]
    keys += [one["columns"] for one in arguments(model, "unique_together")]
    assert {*suite.key} in [{*key} - OF_EVERY_MART for key in keys]


@pytest.mark.parametrize("suite", of_marts(), ids=lambda suite: suite.name)
def test_no_suite_repeats_what_the_yaml_of_the_model_declares(suite: Suite) -> None:
    columns = {column["name"]: column for column in models()[suite.dataset]["columns"]}
    for expectation in suite.expectations:
        assert expectation.kind != "filled", "declare not_null in the YAML of the model"
        if expectation.kind == "one_of":
            declared = arguments(columns[expectation.columns[0]], "accepted_values")
            assert declared == [], expectation.name


@pytest.mark.parametrize("suite", suites(), ids=lambda suite: suite.name)
def test_an_expectation_has_description_severity_and_owner(suite: Suite) -> None:
    assert suite.description.endswith(".")
    for expectation in suite.expectations:
        assert re.fullmatch(r"[A-Z].{10,119}\.", expectation.description), expectation.description
        assert "$" not in expectation.description
        assert expectation.owner
        assert expectation.severity in ("critical", "warning", "info")
    assert any(expectation.severity == "critical" for expectation in suite.expectations)


@pytest.mark.parametrize("suite", suites_of("landing"), ids=lambda suite: suite.name)
def test_references_and_volumes_of_a_source_never_block(suite: Suite) -> None:
    """Unresolved references and unusual volumes are not critical: the marts can show them."""
    blocking = {p.name for p in suite.expectations if p.severity == "critical"}
    structural = {
        "columns_present",
        "no_forbidden_columns",
        "version_unique",
        "content_or_gone",
        "batch_known",
        "batches_complete",
        "marking_admitted",
        "key_unique",
    }
    assert {name for name in blocking if not name.endswith("_filled")} <= structural


def test_reading_the_suites_does_not_import_great_expectations() -> None:
    script = (
        "import sys; from expectations.catalogue import suites; import oic_assurance.gates.run; "
        "import oic_assurance.gates.data_docs; suites(); "
        "sys.exit('great_expectations' in sys.modules)"
    )
    done = python("-c", script, PYTHONPATH=f"{PROJECT / 'include'}:{PROJECT}")
    assert done.returncode == 0


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="an expectation has no severty"):
        one_of("status", ("A",), description="Listed.", severty="warning")


def test_two_expectations_of_a_suite_must_not_share_a_name() -> None:
    def twice() -> list[Expectation]:
        return [
            every_row("same", "true", description="One."),
            every_row("same", "true", description="Two."),
        ]

    definition = SuiteDefinition(twice, "marts", "t", "candidate", "t", ("k",), "us")
    with pytest.raises(ValueError, match=r"candidate\.t: two expectations are called same"):
        definition()

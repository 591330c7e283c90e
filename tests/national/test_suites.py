"""Each table of the national warehouse has a suite, and no suite of a force is among them."""

import re

import pytest

from expectations.catalogue import suites_of_kind
from expectations.vocabulary import Suite
from oic_assurance.publishing.schemas import MARTS, PUBLIC_DRAFT
from oic_assurance.settings import KIND
from oic_assurance.sources.declarations.load import datasets_of
from tests.conftest import PROJECT_ROOT

MODELS = PROJECT_ROOT / "dbt_project" / "models" / "national"
#: The marts that both kinds of warehouse have.
SHARED = {"data_quality_history", "data_quality_status", "source_freshness"}


def test_every_raw_table_and_mart_has_a_suite() -> None:
    raw = {
        f"{dataset.raw_schema}.{table.name}"
        for dataset in datasets_of("national").values()
        for table in dataset.tables
    }
    marts = {f"candidate.{path.stem}" for path in (MODELS / "marts").glob("*.sql")}
    public = {
        f"candidate_public.{path.stem.removeprefix('public_')}"
        for path in (MODELS / "public_release").glob("*.sql")
    }
    shared = {f"candidate.{name}" for name in SHARED}

    assert {suite.name for suite in suites_of_kind("national")} == raw | marts | public | shared


def test_every_published_table_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation that lacked a mart would leave readers with the table of no publication."""
    marts = {path.stem for path in (MODELS / "marts").glob("*.sql")}
    monkeypatch.setenv(KIND, "national")

    assert marts | {"data_quality_status", "source_freshness"} == MARTS.required
    assert PUBLIC_DRAFT.required == {"national_position"}


@pytest.mark.parametrize("suite", suites_of_kind("national"), ids=lambda suite: suite.name)
def test_an_expectation_has_description_severity_and_owner(suite: Suite) -> None:
    assert suite.description.endswith(".")
    for expectation in suite.expectations:
        assert re.fullmatch(r"[A-Z].{10,119}\.", expectation.description), expectation.description
        assert expectation.owner


def test_no_mart_is_ordered_by_a_figure() -> None:
    """A query of the pack orders forces by their names, so that no list becomes a league table."""
    queries = PROJECT_ROOT / "include" / "bi" / "queries" / "national"
    for path in queries.glob("*.sql"):
        order = path.read_text(encoding="utf-8").partition("order by")[2]
        assert not re.search(r"value|numerator|reading|z_score", order), path.name

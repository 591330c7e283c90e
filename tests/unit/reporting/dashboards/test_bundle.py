"""The bundle that Superset imports is complete. A wrong dashboard description is an error."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.bundle import DATABASE, bundle
from oic_assurance.reporting.dashboards.description import FOLDER, dashboards
from oic_assurance.settings import load_settings

PROJECT = load_settings().project_root


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A project folder with the descriptions of the dashboards, which a test can damage."""
    for place in (FOLDER, Path("include/bi/queries")):
        shutil.copytree(PROJECT / place, tmp_path / place)
    return tmp_path


def test_every_dashboard_begins_with_the_publication() -> None:
    for dashboard in dashboards(PROJECT):
        first = dashboard.charts[0]
        assert {"publication_id", "as_at_in_london", "source_status", "caveat"} <= {*first.columns}


def test_references_between_files_resolve_and_uuids_are_unique() -> None:
    files = {place: yaml.safe_load(text) for place, text in bundle(PROJECT).items()}
    known = Counter(one["uuid"] for one in files.values() if "uuid" in one)
    assert set(known.values()) == {1}
    shown = set()
    for place, one in files.items():
        if place.startswith("datasets/"):
            assert one["database_uuid"] == files[DATABASE]["uuid"]
        if place.startswith("charts/"):
            assert one["dataset_uuid"] in known
            assert json.loads(one["query_context"])["queries"]
        if place.startswith("dashboards/"):
            parts = [part for part in one["position"].values() if isinstance(part, dict)]
            charts = [part["meta"] for part in parts if part["type"] == "CHART"]
            shown |= {chart["uuid"] for chart in charts}
            assert len({chart["chartId"] for chart in charts}) == len(charts)
    assert shown == {one["uuid"] for place, one in files.items() if place.startswith("charts/")}


def test_the_bundle_has_no_password_and_no_identities() -> None:
    files = bundle(PROJECT)
    assert "bi_reader:XXXXXXXXXX@" in files[DATABASE]
    for place, text in files.items():
        if place.startswith("datasets/"):
            columns = {column["column_name"] for column in yaml.safe_load(text)["columns"]}
            assert not columns & {"officer_key", "officer_version_key", "record_ref", "report_urn"}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("dashboards/4-plans.yml", "width: 7", "width: 8", "the row of '.*' is not 12 wide"),
        ("dashboards/4-plans.yml", "by: [voice,", "by: [vice,", "voice has no vice"),
        ("dashboards/4-plans.yml", "kind: bar", "kind: pie", "there is no kind pie"),
        ("dashboards/4-plans.yml", "dataset: voice", "dataset: noise", "has no noise"),
        ("datasets.yml", "\nvoice:", "\nnoise:", "noise has no .*noise.sql"),
        ("datasets.yml", "View of, views", "View of, faces", "voice.voice: no vocabulary faces"),
    ],
)
def test_a_wrong_description_is_an_error_that_names_it(
    described: Path, file: str, old: str, new: str, message: str
) -> None:
    path = described / FOLDER / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AssuranceError, match=message):
        bundle(described)

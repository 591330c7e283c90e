"""The bundle that Superset imports is complete. A wrong dashboard description is an error."""

import json
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.bundle import DATABASE, bundle
from oic_assurance.reporting.dashboards.datasets import FOLDER, datasets
from oic_assurance.reporting.dashboards.description import dashboards
from oic_assurance.settings import Kind
from tests.unit.reporting.dashboards.support import PROJECT, files, parsed


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A project folder with the descriptions of the dashboards, which a test can damage."""
    for place in (FOLDER, Path("include/bi/queries")):
        shutil.copytree(PROJECT / place, tmp_path / place)
    return tmp_path


def test_references_between_files_resolve_and_uuids_are_unique() -> None:
    known = Counter(one["uuid"] for one in parsed().values() if "uuid" in one)
    assert set(known.values()) == {1}
    shown = set()
    for place, one in parsed().items():
        if place.startswith("datasets/"):
            assert one["database_uuid"] == parsed()[DATABASE]["uuid"]
        if place.startswith("charts/"):
            assert one["dataset_uuid"] in known
            assert json.loads(one["query_context"])["queries"]
        if place.startswith("dashboards/"):
            parts = [part for part in one["position"].values() if isinstance(part, dict)]
            charts = [part["meta"] for part in parts if part["type"] == "CHART"]
            shown |= {chart["uuid"] for chart in charts}
            assert len({chart["chartId"] for chart in charts}) == len(charts)
    assert shown == {one["uuid"] for one in parsed("charts/").values()}


def test_the_bundle_has_no_password_and_names_no_officer() -> None:
    assert "bi_reader:XXXXXXXXXX@" in files()[DATABASE]
    for one in parsed("datasets/").values():
        assert not _columns(one) & {"officer_key", "officer_version_key"}


def test_only_the_datasets_for_readers_of_records_have_keys_of_records() -> None:
    with_keys = {
        Path(place).stem
        for place, one in parsed("datasets/").items()
        if _columns(one) & {"referral_ref", "occurrence_ref", "report_urn", "record_ref"}
    }
    assert with_keys == {"referral_record", "exception_record"}
    restricted = {one.name for one in datasets(PROJECT).values() if one.has_records}
    assert with_keys <= restricted
    for dashboard in dashboards(PROJECT):
        used = {chart.dataset.name for chart in dashboard.charts}
        # A reader sees every dashboard of which it may read one dataset. So the dashboard with
        # records has only datasets that are restricted.
        assert used <= restricted or not used & restricted


def _columns(one: Any) -> set[str]:
    return {column["column_name"] for column in one["columns"]}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "dashboards/4-plans.yml",
            'width: 6, height: 44,\n       description: "When',
            'width: 7, height: 44,\n       description: "When',
            "the row of '.*' is not 12 wide",
        ),
        ("dashboards/4-plans.yml", "by: [voice,", "by: [vice,", "voice has no vice"),
        ("dashboards/4-plans.yml", "kind: bar", "kind: pie", "there is no kind pie"),
        ("dashboards/4-plans.yml", "dataset: voice", "dataset: noise", "has no noise"),
        ("datasets.yml", "\nvoice:", "\nnoise:", "noise has no .*noise.sql"),
        ("dashboards/2-nccu.yml", "within: District", "within: Region", "no filter 'Region'"),
        ("dashboards/2-nccu.yml", "column: team_label", "column: tem_label", "no tem_label"),
        ("datasets.yml", "time: day", "time: days", "position_trend has no days"),
        ("colours.yml", "In time: met", "In time: meet", "no colour for meet"),
        ("datasets.yml", "View of, voice", "View of, faces", "voice.voice: no vocabulary faces"),
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


@pytest.mark.parametrize("kind", ["force", "national"])
def test_the_command_writes_the_dashboards_of_its_kind_of_warehouse(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_KIND", kind)
    place = tmp_path / "bundle.zip"
    assert run_command(["superset", "--bundle", str(place)]) == 0
    with zipfile.ZipFile(place) as made:
        found = {name.removeprefix("bundle/") for name in made.namelist()}
    assert found == {*bundle(PROJECT, kind)}

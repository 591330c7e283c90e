"""Test which files in a dropzone are deliveries, and which moment each delivery is for."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest

from oic_assurance.errors import SourceUnavailable
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Dropzone, NotTaken


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(load_settings(), dropzone=f"file://{tmp_path}")


def drop(settings: Settings, name: str, content: bytes = b"x") -> None:
    path = Path(settings.dropzone.removeprefix("file://")) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_dated_files_are_in_the_order_of_their_london_days(settings: Settings) -> None:
    for day in ("20260701", "20260115", "20250901"):
        drop(settings, f"hr/personnel/personnel_{day}.csv")
    files = Dropzone(settings).listing(dataset("hr/personnel")).files
    assert [(file.name, file.delivered_for) for file in files] == [
        ("personnel_20250901.csv", datetime(2025, 8, 31, 23, tzinfo=UTC)),
        ("personnel_20260115.csv", datetime(2026, 1, 15, tzinfo=UTC)),
        ("personnel_20260701.csv", datetime(2026, 6, 30, 23, tzinfo=UTC)),
    ]


def test_a_register_is_for_the_moment_it_was_saved(settings: Settings) -> None:
    drop(settings, "governance/plans/plan_register.xlsx")
    [file] = Dropzone(settings).listing(dataset("governance/plans")).files
    assert file.delivered_for == file.modified_at
    assert abs((datetime.now(UTC) - file.modified_at).total_seconds()) < 60


@pytest.mark.parametrize("day", ["20260230", "20261301", "00000000"])
def test_a_day_that_does_not_exist_gives_no_moment(settings: Settings, day: str) -> None:
    drop(settings, f"hr/personnel/personnel_{day}.csv")
    [file] = Dropzone(settings).listing(dataset("hr/personnel")).files
    assert file.delivered_for is None


def test_folders_links_and_unfinished_files_are_not_taken(settings: Settings) -> None:
    drop(settings, "hr/personnel/personnel_20260101.csv/inside.csv")
    drop(settings, "hr/personnel/personnel_20260102.csv.part")
    drop(settings, "hr/personnel/personnel_20260103.csv.tmp")
    drop(settings, "hr/personnel/~$personnel_20260104.csv")
    folder = Path(settings.dropzone.removeprefix("file://")) / "hr/personnel"
    (folder / "personnel_20260105.csv").symlink_to(folder / "nothing.csv")
    listing = Dropzone(settings).listing(dataset("hr/personnel"))
    assert listing.files == []
    assert [found.name for found in listing.not_taken] == [
        "personnel_20260101.csv/",
        "personnel_20260102.csv.part",
        "personnel_20260103.csv.tmp",
        "personnel_20260105.csv",
        "~$personnel_20260104.csv",
    ]


def test_names_and_extensions_are_matched_without_regard_to_case(settings: Settings) -> None:
    drop(settings, "hr/personnel/PERSONNEL_20260102.CSV")
    drop(settings, "governance/plans/Plan_Register.XLSX")
    zone = Dropzone(settings)
    assert [file.name for file in zone.listing(dataset("hr/personnel")).files] == [
        "PERSONNEL_20260102.CSV"
    ]
    assert [file.name for file in zone.listing(dataset("governance/plans")).files] == [
        "Plan_Register.XLSX"
    ]


def test_a_folder_that_does_not_exist_is_named(settings: Settings) -> None:
    drop(settings, "hr/org_unit/org_unit_20260101.csv")
    listing = Dropzone(settings).listing(dataset("hr/personnel"))
    assert listing.not_taken == [NotTaken("hr/personnel/", "the folder does not exist")]


def test_later_changes_to_a_file_do_not_affect_its_content(settings: Settings) -> None:
    drop(settings, "hr/personnel/personnel_20260101.csv", b"first")
    zone = Dropzone(settings)
    [file] = zone.listing(dataset("hr/personnel")).files
    with zone.read(file) as content:
        drop(settings, "hr/personnel/personnel_20260101.csv", b"second")
        assert content.stream.read() == b"first"
        assert content.size_bytes == 5
    assert content.sha256.startswith("a7937b64b8caa58f")


def test_a_url_can_name_another_file_system(settings: Settings) -> None:
    remote = dataclasses.replace(settings, dropzone="memory://drop")
    system = fsspec.filesystem("memory")
    system.pipe_file("/drop/hr/personnel/personnel_20260101.csv", b"hello")
    zone = Dropzone(remote)
    assert not zone.is_local
    [file] = zone.listing(dataset("hr/personnel")).files
    assert file.size_bytes == 5
    with zone.read(file) as content:
        assert content.stream.read() == b"hello"


@pytest.mark.parametrize("url", ["nothing://here", "gs://bucket/none"])
def test_the_error_for_an_unknown_file_system_names_the_url(settings: Settings, url: str) -> None:
    with pytest.raises(SourceUnavailable, match=f"The dropzone {url} cannot be read"):
        Dropzone(dataclasses.replace(settings, dropzone=url))

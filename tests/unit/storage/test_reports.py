"""Finished reports are copied to the place that ASSURANCE_REPORTS_URL names."""

import dataclasses
from pathlib import Path

import pytest

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings, load_settings
from oic_assurance.storage.reports import fetch, reports_store, share
from tests.unit.storage.broken import URL

PACK = "reports/pack/assurance-pack.html"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSURANCE_REPORTS_URL", str(shared))
    return load_settings()


def write(settings: Settings, name: str, text: str) -> Path:
    path = settings.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_new_report_replaces_the_shared_one(settings: Settings, tmp_path: Path) -> None:
    for text in ("of yesterday", "of today"):
        share(settings, write(settings, PACK, text))
    assert (tmp_path / "shared" / PACK).read_text(encoding="utf-8") == "of today"


def test_without_a_shared_place_reports_stay_in_the_state_folder(settings: Settings) -> None:
    alone = dataclasses.replace(settings, reports="")
    path = write(alone, PACK, "of today")
    share(alone, path)
    assert list(reports_store(alone).files("reports")) == [PACK]
    assert [one for one in alone.home.rglob("*") if one.is_file()] == [path]


def test_a_report_that_a_person_has_placed_elsewhere_is_not_shared(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "release.csv"
    path.write_text("figures", encoding="utf-8")
    share(settings, path)
    assert list((tmp_path / "shared").iterdir()) == []


def test_another_worker_fetches_the_files_of_a_release(settings: Settings, tmp_path: Path) -> None:
    folder = write(settings, "releases/release-1/figures.csv", "figures").parent
    share(settings, folder)
    other = dataclasses.replace(settings, home=tmp_path / "other")
    fetch(other, other.home / "releases" / "release-1")
    fetched = other.home / "releases" / "release-1" / "figures.csv"
    assert fetched.read_text(encoding="utf-8") == "figures"


def test_a_report_that_cannot_be_shared_is_complete_in_the_state_folder(
    settings: Settings,
) -> None:
    path = write(settings, PACK, "of today")
    with pytest.raises(ServerError, match="The place of the reports broken://host/archive cannot"):
        share(dataclasses.replace(settings, reports=URL), path)
    assert path.read_text(encoding="utf-8") == "of today"

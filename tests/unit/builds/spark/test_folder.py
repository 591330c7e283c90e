"""The folder with the rows of a build is private, and is deleted with what is in it."""

import logging
import stat
from pathlib import Path

import pytest

from oic_assurance.builds.spark.folder import build_folder
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings


def settings(home: Path, folder: str = "") -> Settings:
    return Settings(home, home, f"file://{home}", "E23000022", spark_folder=folder)


def test_only_its_owner_can_read_it_and_it_is_deleted_even_after_a_failure(tmp_path: Path) -> None:
    def build() -> None:
        with build_folder(settings(tmp_path)) as folder:
            place = Path(folder.path)
            assert place.parent == tmp_path / "spark"
            assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
            (place / "rows.parquet").write_text("rows")
            raise KeyError

    with pytest.raises(KeyError):
        build()
    assert list((tmp_path / "spark").iterdir()) == []


def test_what_a_killed_build_has_left_is_deleted(tmp_path: Path) -> None:
    left = tmp_path / "spark" / "build-1" / "exported"
    left.mkdir(parents=True)
    (tmp_path / "spark" / "build-1.lock").touch()
    with build_folder(settings(tmp_path)):
        assert not left.exists()


def test_two_builds_at_a_time_leave_each_other_alone(tmp_path: Path) -> None:
    with build_folder(settings(tmp_path)) as first:
        with build_folder(settings(tmp_path)) as second:
            assert first.path != second.path
        assert Path(first.path).is_dir()


def test_another_folder_can_be_chosen(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    kept = other / "a file of somebody else"
    kept.touch()
    with build_folder(settings(tmp_path, f"file://{other}")) as folder:
        assert folder.url.startswith(f"file://{other}/build-")
        assert stat.S_IMODE(Path(folder.path).stat().st_mode) == 0o700
    assert list(other.iterdir()) == [kept]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(AssuranceError, match="ASSURANCE_SPARK_FOLDER: nowhere://place/build-"),
        build_folder(settings(tmp_path, "nowhere://place")),
    ):
        pass


def test_rows_that_cannot_be_deleted_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PermissionError

    with caplog.at_level(logging.ERROR), build_folder(settings(tmp_path)) as folder:
        monkeypatch.setattr(folder.system, "rm", fails)
    assert "could not be deleted (PermissionError): delete them by hand." in caplog.text

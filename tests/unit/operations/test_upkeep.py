"""Old logs are deleted, large ones are cut, and nothing else is touched."""

import dataclasses
import os
import time
from pathlib import Path

import pytest

from oic_assurance.operations import upkeep
from oic_assurance.operations.upkeep import LARGEST, TAIL, rotate
from oic_assurance.settings import FIRST, Settings, load_settings

DAY = 86_400


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv(upkeep.AIRFLOW_LOGS, raising=False)
    return dataclasses.replace(load_settings(), home=tmp_path, keep_logs_days=30)


def write(settings: Settings, name: str, days_ago: float = 0, content: bytes = b"line\n") -> Path:
    path = settings.log_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - days_ago * DAY,) * 2)
    return path


def test_a_log_that_was_last_written_long_ago_is_deleted_with_its_empty_folders(
    settings: Settings,
) -> None:
    task = "airflow/dag_id=assurance_daily/run_id=a/task_id=publish"
    old = write(settings, f"{task}/attempt=1.log", days_ago=31)
    kept = write(settings, "airflow/dag_id=assurance_daily/run_id=b/attempt=1.log", days_ago=29)
    gone = write(settings, "airflow/dag_id=other/run_id=c/attempt=1.log", days_ago=40)
    did = rotate(settings, dry_run=False)
    assert did.counts == {"logs deleted": 2, "logs cut": 0, "files left, not logs": 0}
    assert (did.bytes_before, did.bytes_after) == (15, 5)
    assert not old.exists()
    assert kept.exists()
    assert not (settings.log_dir / "airflow/dag_id=assurance_daily/run_id=a").exists()
    assert not (settings.log_dir / "airflow/dag_id=other").exists()
    # A program that is running may write to the folder itself at any time.
    assert gone.parents[2].is_dir()


def test_a_dry_run_counts_and_touches_nothing(settings: Settings) -> None:
    old = write(settings, "run-1.log", days_ago=31)
    large = write(settings, "api-server.log", content=b"x" * (LARGEST + 1))
    did = rotate(settings, dry_run=True)
    assert (did.counts["logs deleted"], did.counts["logs cut"]) == (1, 1)
    assert did.bytes_after == TAIL
    assert old.exists()
    assert large.stat().st_size == LARGEST + 1


def test_a_large_log_keeps_its_newest_lines_and_who_has_it_open_goes_on(
    settings: Settings,
) -> None:
    lines = b"".join(b"line %09d\n" % number for number in range(LARGEST // 15 + 20))
    path = write(settings, "scheduler.log", content=lines)
    with path.open("ab") as program:
        rotate(settings, dry_run=False)
        program.write(b"next\n")
    assert path.read_bytes() == b"next\n"
    tail = path.with_name("scheduler.log.1").read_bytes()
    assert TAIL - 15 <= len(tail) <= TAIL
    assert lines.endswith(tail)
    assert tail.startswith(b"line ")
    assert path.with_name("scheduler.log.1").stat().st_mode & 0o077 == 0


def test_a_rotation_that_is_killed_at_any_step_loses_no_line_and_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"".join(b"line %09d\n" % number for number in range(LARGEST // 15 + 20))
    path = write(settings, "scheduler.log", content=content)

    class KilledError(BaseException):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    for step in ("os.truncate", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(step, killed)
            with pytest.raises(KilledError):
                rotate(settings, dry_run=False)
        assert path.read_bytes() == content
    rotate(settings, dry_run=False)
    assert path.read_bytes() == b""
    assert content.endswith(path.with_name("scheduler.log.1").read_bytes())
    assert {one.name for one in settings.log_dir.iterdir()} == {"scheduler.log", "scheduler.log.1"}


def test_what_is_not_a_log_is_left_and_counted(settings: Settings, tmp_path: Path) -> None:
    write(settings, "notes.txt", days_ago=400)
    outside = tmp_path / "elsewhere.log"
    outside.write_text("x")
    os.utime(outside, (0, 0))
    (settings.log_dir / "link.log").symlink_to(outside)
    did = rotate(settings, dry_run=False)
    assert did.counts == {"logs deleted": 0, "logs cut": 0, "files left, not logs": 1}
    assert outside.exists()


def test_airflows_logs_are_kept_as_long_wherever_they_are(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "logs of airflow"
    monkeypatch.setenv(upkeep.AIRFLOW_LOGS, str(elsewhere))
    old = elsewhere / "dag_id=a" / "run_id=b" / "attempt=1.log"
    old.parent.mkdir(parents=True)
    old.write_text("x")
    os.utime(old, (0, 0))
    write(settings, "run-1.log")
    assert rotate(settings, dry_run=False).counts["logs deleted"] == 1
    assert not old.exists()
    assert elsewhere.is_dir()


def test_a_state_folder_without_logs_is_fine(settings: Settings) -> None:
    assert rotate(settings, dry_run=False).bytes_before == 0


def test_airflows_logs_are_kept_with_the_upkeep_of_the_first_force(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "logs of airflow"
    shared.mkdir()
    log = shared / "attempt=1.log"
    log.write_text("x")
    os.utime(log, (0, 0))
    monkeypatch.setenv(upkeep.AIRFLOW_LOGS, str(shared))
    monkeypatch.setenv(FIRST, "E23000021")
    rotate(settings, dry_run=False)
    assert log.exists()
    monkeypatch.setenv(FIRST, settings.force_code)
    rotate(settings, dry_run=False)
    assert not log.exists()

"""The events of a run are in one file, which says whether the run is over."""

import json
import threading
from pathlib import Path

import pytest

from oic_assurance.reporting.openlineage import journal
from oic_assurance.reporting.openlineage.journal import (
    Journal,
    closed_files,
    failed_jobs,
    sent_file,
    unfinished,
)


def event(kind: str, run: str, job: str = "j") -> dict[str, object]:
    return {"eventType": kind, "run": {"runId": run}, "job": {"name": job}}


def test_what_several_processes_add_does_not_mix(tmp_path: Path) -> None:
    one = Journal(tmp_path, "run/1")

    def add(number: int) -> None:
        for _ in range(20):
            one.add([json.dumps(event("START", str(number), "x" * 40_000))] * 2)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(one.events()) == 4 * 20 * 2


def test_a_run_without_an_end_is_unfinished() -> None:
    events = [
        event("START", "whole"),
        event("START", "part"),
        event("START", "other"),
        event("COMPLETE", "other"),
    ]
    assert [one["run"]["runId"] for one in unfinished(events)] == ["part", "whole"]


def test_a_job_that_failed_and_then_succeeded_has_not_failed() -> None:
    events = [
        event("FAIL", "1", "a"), event("START", "2", "a"), event("COMPLETE", "2", "a"),
        event("FAIL", "3", "b"),
    ]  # fmt: skip
    assert failed_jobs(events) == ["b"]


def test_what_is_added_after_the_end_of_a_run_is_in_the_same_file(tmp_path: Path) -> None:
    one = Journal(tmp_path, "1")
    one.add(["{}"])
    one.close()
    one.add(["{}"])
    (path,) = closed_files(tmp_path)
    assert path.read_text(encoding="utf-8") == "{}\n{}\n"
    assert path.stat().st_mode & 0o077 == 0, "only the owner can read it"


def test_only_the_files_of_the_latest_runs_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT_RUNS", 2)
    for number in range(4):
        one = Journal(tmp_path, str(number))
        one.add(["{}"])
        sent_file(one.closed).write_text("3", encoding="ascii")
        one.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2.jsonl", "2.sent", "3.jsonl", "3.sent",
    ]  # fmt: skip

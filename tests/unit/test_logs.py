"""A log line of a command is one JSON document with the names that Airflow's lines have too."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from oic_assurance import logs

LOG = logging.getLogger("oic_assurance.example")


@contextmanager
def json_lines() -> Iterator[None]:
    """During the block, write log lines as a command does that runs without Airflow."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.write_as_json()
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("given", "expected"), [("True", True), ("1", True), ("", False), ("False", False)]
)
def test_the_setting_is_airflows(
    given: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__LOGGING__JSON_LOGS", given)
    assert logs.as_json() is expected


def test_a_line_says_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    with json_lines():
        with logs.about(run_id="r1", stage="extract", dataset="hr/personnel", build_id=None):
            LOG.warning("It took %d\nseconds", 3)
        LOG.error("after")
    first, second = printed(capsys)
    moment = datetime.fromisoformat(first.pop("timestamp"))
    assert moment.utcoffset() == timedelta(0)
    assert first == {
        "level": "warning", "event": "It took 3\nseconds", "logger": "oic_assurance.example",
        "run_id": "r1", "stage": "extract", "dataset": "hr/personnel",
    }  # fmt: skip
    assert set(second) == {"timestamp", "level", "event", "logger"}


def test_a_traceback_is_left_out_because_it_can_quote_a_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with json_lines():
        try:
            raise ValueError("Key (collar)=(1234) already exists")
        except ValueError:
            LOG.exception("It failed")
    (line,) = printed(capsys)
    assert (line["event"], line["error"]) == ("It failed", "ValueError")
    assert "1234" not in json.dumps(line)

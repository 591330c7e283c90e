"""Test which as-at moment a run of the daily DAG has.

It is the moment in the run's configuration. Without one, it is the end of the run's data interval.
Without an interval, it is the last 05:30 in London before the run.
"""

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from oic_assurance.errors import UsageError

FILE = Path(__file__).resolve().parents[2] / "dags" / "assurance_daily.py"
INTERVAL_END = datetime(2026, 5, 1, 4, 30, tzinfo=UTC)
RUN_AFTER = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("assurance_daily_for_moments", FILE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def context(conf: dict[str, str] | None, interval_end: datetime | None) -> dict[str, object]:
    run = SimpleNamespace(conf=conf, run_after=RUN_AFTER)
    return {"dag_run": run, "data_interval_end": interval_end}


@pytest.mark.parametrize(
    ("conf", "interval_end", "moment"),
    [
        ({"as_at": "2026-04-30T05:30"}, INTERVAL_END, datetime(2026, 4, 30, 4, 30, tzinfo=UTC)),
        ({}, INTERVAL_END, INTERVAL_END),
        (None, INTERVAL_END, INTERVAL_END),
        ({}, None, datetime(2026, 5, 1, 4, 30, tzinfo=UTC)),
    ],
)
def test_as_at(
    module: ModuleType,
    conf: dict[str, str] | None,
    interval_end: datetime | None,
    moment: datetime,
) -> None:
    assert module.as_at(context(conf, interval_end)) == moment


def test_a_text_that_is_no_moment_is_refused(module: ModuleType) -> None:
    with pytest.raises(UsageError, match="is not a moment"):
        module.as_at(context({"as_at": "soon"}, INTERVAL_END))

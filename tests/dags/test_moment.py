"""Test which as-at moment a run of the daily DAG has.

It is the moment in the run's configuration. Without one, it is the end of the run's data interval
if the schedule has started the run, and the last 05:30 in London before it if a person has. Without
an interval, the time of the run takes the interval's place.
"""

import importlib.util
from datetime import UTC, datetime, timedelta
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


def context(
    conf: dict[str, str | None] | None,
    interval_end: datetime | None,
    run_type: str = "scheduled",
) -> dict[str, object]:
    run = SimpleNamespace(conf=conf, run_after=RUN_AFTER, run_type=run_type)
    return {"dag_run": run, "data_interval_end": interval_end}


@pytest.mark.parametrize(
    ("conf", "interval_end", "moment"),
    [
        ({"as_at": "2026-04-30T05:30"}, INTERVAL_END, datetime(2026, 4, 30, 4, 30, tzinfo=UTC)),
        ({}, INTERVAL_END, INTERVAL_END),
        (None, INTERVAL_END, INTERVAL_END),
        ({}, None, RUN_AFTER),
    ],
)
def test_as_at(
    module: ModuleType,
    conf: dict[str, str | None] | None,
    interval_end: datetime | None,
    moment: datetime,
) -> None:
    assert module.as_at(context(conf, interval_end)) == moment


@pytest.mark.parametrize("conf", [None, {}, {"as_at": None}])
@pytest.mark.parametrize("interval_end", [datetime(2026, 5, 2, 3, 0, tzinfo=UTC), None])
def test_a_run_by_hand_is_as_at_the_last_half_past_five(
    module: ModuleType, conf: dict[str, str | None] | None, interval_end: datetime | None
) -> None:
    """Airflow's form sets the logical date, which ends the interval, to now."""
    by_hand = context(conf, interval_end, "manual")
    assert module.as_at(by_hand) == datetime(2026, 5, 1, 4, 30, tzinfo=UTC)


def test_a_run_that_exports_have_triggered_is_as_at_the_last_half_past_five(
    module: ModuleType,
) -> None:
    triggered = context({}, None, "asset_triggered")
    assert module.as_at(triggered) == datetime(2026, 5, 1, 4, 30, tzinfo=UTC)
    assert module.as_at(triggered, timedelta(minutes=90)) == datetime(2026, 5, 1, 4, 30, tzinfo=UTC)


def test_a_run_by_hand_is_as_at_the_moment_in_the_form(module: ModuleType) -> None:
    by_hand = context({"as_at": "2026-04-30T12:00"}, RUN_AFTER, "manual")
    assert module.as_at(by_hand) == datetime(2026, 4, 30, 11, 0, tzinfo=UTC)


def test_a_text_that_is_no_moment_is_refused(module: ModuleType) -> None:
    with pytest.raises(UsageError, match="is not a moment"):
        module.as_at(context({"as_at": "soon"}, INTERVAL_END))

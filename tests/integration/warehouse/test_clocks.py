"""A clock that is wrong is told by the run, the status and the notifications."""

from datetime import timedelta

import pytest

from oic_assurance import clock, pipeline
from oic_assurance.errors import UsageError
from oic_assurance.operations.doctor.looks import LOOKS
from oic_assurance.settings import Settings
from oic_assurance.state.observed import record, take
from oic_assurance.state.read import open_problems
from oic_assurance.warehouse import clocks
from tests.databases import administrator


def fault(warehouse: Settings) -> str:
    """Let the watch look at the clocks, and return what the status and a notification tell."""
    record(warehouse, [take(look, warehouse) for look in LOOKS if look.codes == ("clock",)])
    found = open_problems(warehouse)
    return " ".join(one.what for one in found if one.problem_code == "clock")


def shifted(patch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let this machine's clock be wrong."""
    now = clock.utc_now
    for place in (clocks, clock):
        patch.setattr(place, "utc_now", lambda: now() + by)


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (timedelta(days=-9), "behind the server's"),
        (timedelta(minutes=9), "ahead of the server's"),
    ],
)
def test_a_clock_that_differs_from_the_servers_is_told(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, by: timedelta, words: str
) -> None:
    assert fault(fresh_warehouse) == ""
    shifted(monkeypatch, by)
    assert words in fault(fresh_warehouse)


def test_a_record_of_later_than_now_is_told(fresh_warehouse: Settings) -> None:
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute(
            "insert into audit.run (run_id, as_at, started_at) values ('r', now(), %s)",
            (clock.utc_now() + timedelta(hours=2),),
        )
    assert "the clock was set back" in fault(fresh_warehouse)


def test_a_clock_that_is_ahead_makes_no_figures_for_the_future(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = clock.utc_now() + timedelta(days=1)
    shifted(monkeypatch, timedelta(days=2))
    with pytest.raises(UsageError, match="is later than now"):
        pipeline.open_run(fresh_warehouse, "r1", tomorrow)

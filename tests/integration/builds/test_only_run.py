"""Only one process at a time makes a run on a warehouse, on whichever host it is."""

import threading

import psycopg
import pytest

from oic_assurance import pipeline
from oic_assurance.builds import runs
from oic_assurance.clock import parse_moment
from oic_assurance.errors import ServerError
from oic_assurance.operations.upkeep import ERASURES, run_part
from oic_assurance.settings import Settings
from oic_assurance.state.read import open_problems
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import DAILY_RUN, held, take

AS_AT = parse_moment("2026-01-05T05:30")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_PATIENCE", "200ms")


@pytest.fixture
def on_another_host(fresh_warehouse: Settings) -> psycopg.Connection:
    """A session of `assurance run` on another host."""
    return connect(fresh_warehouse, role="oic_transform", autocommit=True)


@pytest.mark.usefixtures("impatient")
def test_no_run_begins_while_another_host_makes_one(
    fresh_warehouse: Settings, on_another_host: psycopg.Connection
) -> None:
    runs.open_run(fresh_warehouse, "first", AS_AT)
    with on_another_host, held(on_another_host, DAILY_RUN):
        with pytest.raises(ServerError, match="perhaps on another host: wait"):
            runs.open_run(fresh_warehouse, "second", AS_AT)
        with (
            pytest.raises(ServerError, match="perhaps on another host"),
            runs.only_run(fresh_warehouse),
        ):
            pass
        first = runs.find_run(fresh_warehouse, "first")
        assert first is not None
        assert first.outcome == "running"
    runs.open_run(fresh_warehouse, "second", AS_AT)


@pytest.mark.usefixtures("impatient")
def test_the_run_that_holds_the_lock_is_opened(fresh_warehouse: Settings) -> None:
    with runs.only_run(fresh_warehouse):
        runs.open_run(fresh_warehouse, "own", AS_AT)
    found = runs.find_run(fresh_warehouse, "own")
    assert found is not None
    assert found.outcome == "running"


def test_the_record_of_a_run_is_closed_only_if_airflow_has_ended_the_run(
    fresh_warehouse: Settings,
) -> None:
    nothing_asked: dict[str, bool] = {}
    pipeline.close_ended(fresh_warehouse, nothing_asked.__getitem__)  # There was no run yet.
    runs.open_run(fresh_warehouse, "killed", AS_AT)
    for has_ended, outcome in ((False, "running"), (True, "failed")):
        pipeline.close_ended(fresh_warehouse, {"killed": has_ended}.__getitem__)
        found = runs.find_run(fresh_warehouse, "killed")
        assert found is not None
        assert found.outcome == outcome
    # A run that is closed is not asked about again.
    pipeline.close_ended(fresh_warehouse, nothing_asked.__getitem__)


def test_a_run_that_a_check_has_blocked_is_under_way_until_it_ends(
    fresh_warehouse: Settings,
) -> None:
    """The check of the landing can block a run while its marts are still being built."""
    runs.open_run(fresh_warehouse, "blocked", AS_AT)
    runs.note_failure(fresh_warehouse, "blocked", "auditing landing: no rows", blocked=True)
    assert "under way" in str(run_part(fresh_warehouse, ERASURES).message)
    (problem,) = (
        one for one in open_problems(fresh_warehouse) if one.problem_code == "publication"
    )
    begun = runs.find_run(fresh_warehouse, "blocked")
    assert begun is not None
    assert problem.since == begun.started_at
    # All its processes were killed.
    pipeline.close_ended(fresh_warehouse, {"blocked": True}.__getitem__)
    ended = runs.find_run(fresh_warehouse, "blocked")
    assert ended is not None
    assert ended.finished_at is not None
    assert (ended.outcome, ended.message) == ("blocked", "auditing landing: no rows")


def test_a_run_waits_for_the_session_of_a_killed_one_to_end(
    fresh_warehouse: Settings, on_another_host: psycopg.Connection
) -> None:
    take(on_another_host, DAILY_RUN)
    threading.Timer(0.5, on_another_host.close).start()
    runs.open_run(fresh_warehouse, "next", AS_AT)


def test_the_server_soon_notices_a_host_that_has_vanished(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse, role="oic_transform") as session:
        names = ("idle", "interval", "count")
        found = [session.execute(f"show tcp_keepalives_{name}").fetchone() for name in names]
    assert found == [("30",), ("10",), ("3",)]

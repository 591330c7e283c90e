"""Each stage of a run is on record: how long it took, how many rows it wrote, and how it ended."""

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import psycopg
import pytest
from psycopg.rows import args_row

from oic_assurance import pipeline
from oic_assurance.builds.stages import on_record
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import SPARK, Settings
from oic_assurance.warehouse.connections import connect


class Stage(NamedTuple):
    stage: str
    dataset: str
    started_at: datetime
    seconds: float
    succeeded: bool
    rows: int | None


def recorded(settings: Settings, run_id: str = "r1") -> list[Stage]:
    """Return the stages of a run that have ended, in the order in which they began."""
    with connect(settings, role="oic_gate") as warehouse:
        cursor = warehouse.cursor(row_factory=args_row(Stage))
        return cursor.execute(
            """
            select
                stage, dataset, started_at, extract(epoch from finished_at - started_at),
                succeeded, rows
            from audit.stage
            where run_id = %s
            order by started_at, dataset
            """,
            (run_id,),
        ).fetchall()


def test_a_stage_that_succeeds_has_its_rows(fresh_warehouse: Settings) -> None:
    with on_record(fresh_warehouse, "r1", "extract", "hr/personnel") as stage:
        stage.rows = 7
    (found,) = recorded(fresh_warehouse)
    assert (found.stage, found.dataset, found.succeeded, found.rows) == (
        "extract", "hr/personnel", True, 7,
    )  # fmt: skip
    assert 0 <= found.seconds < 60


def test_a_stage_that_fails_has_none_and_a_repeat_replaces_it(fresh_warehouse: Settings) -> None:
    with suppress(KeyboardInterrupt), on_record(fresh_warehouse, "r1", "publish") as stage:
        stage.rows = 7
        raise KeyboardInterrupt
    (failed,) = recorded(fresh_warehouse)
    assert (failed.succeeded, failed.rows) == (False, None)
    with on_record(fresh_warehouse, "r1", "publish"):
        pass
    (repeated,) = recorded(fresh_warehouse)
    assert repeated.succeeded
    assert repeated.started_at > failed.started_at


def test_a_record_that_cannot_be_made_does_not_fail_the_stage(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("no route")

    monkeypatch.setattr("oic_assurance.builds.stages.connect", unreachable)
    with on_record(fresh_warehouse, "r1", "publish"):
        pass
    assert "How long publish took was not recorded: OperationalError" in caplog.messages


def test_a_failure_is_one_line_in_the_log_and_in_the_record_of_the_run(
    fresh_warehouse: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline.open_run(fresh_warehouse, "r1", utc_now())
    with pytest.raises(AssuranceError):
        pipeline.publish(fresh_warehouse, "r1", 999)
    with connect(fresh_warehouse, role="oic_gate") as warehouse:
        ((message,),) = warehouse.execute("select message from audit.run").fetchall()
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert lines == [message]
    assert message.startswith("publishing: ")
    assert "\n" not in message
    (stage,) = recorded(fresh_warehouse)
    assert (stage.stage, stage.succeeded) == ("publish", False)


def test_a_host_without_spark_fails_the_run_before_it_lands(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oic_assurance.builds.engine.PACKAGES", ("not_here",))
    with pytest.raises(AssuranceError, match="not_here cannot be found: run `make setup-spark`"):
        pipeline.open_run(replace(fresh_warehouse, engine=SPARK), "r1", utc_now())
    with connect(fresh_warehouse, role="oic_gate") as warehouse:
        ((message,),) = warehouse.execute("select message from audit.run").fetchall()
    assert "ASSURANCE_ENGINE is spark, but not_here cannot be found" in message


def test_a_value_that_postgresql_quotes_is_in_no_log(
    fresh_warehouse: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quoting(*_: object) -> None:
        with connect(fresh_warehouse, role="oic_gate") as warehouse:
            # The log quotes lines of code, so the value must not stand in this line.
            warehouse.execute("select cast(%s::text as integer)", (f"COLLAR-{1000 + 234}",))

    monkeypatch.setattr("oic_assurance.pipeline.record.load_build", quoting)
    pipeline.open_run(fresh_warehouse, "r1", utc_now())
    with pytest.raises(AssuranceError) as failure:
        pipeline.publish(fresh_warehouse, "r1", 1)
    assert failure.value.__cause__ is None
    assert "InvalidTextRepresentation" in failure.value.message
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "test_stages.py" in logged
    for text in (logged, failure.value.message):
        assert "1234" not in text

"""Record each stage of a run as OpenLineage events, in the run's file.

Nothing in here stops or fails a run: if an event cannot be made, the reason is logged. The modules
that make events are imported when they are needed, because they import OpenLineage's library.
"""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oic_assurance.builds.runs import Run
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.openlineage.journal import (
    failed_jobs,
    find_journal,
    open_journals,
    unfinished,
)
from oic_assurance.reporting.openlineage.names import DAILY, SHOW, run_uuid, stage_job
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import without_credentials

if TYPE_CHECKING:
    from oic_assurance.reporting.openlineage.events import JobRun, Tables

LOG = logging.getLogger(__name__)
_LONGEST_MESSAGE = 300
#: Text in quotes, and the key in a message of PostgreSQL. It can be a value of a record.
_QUOTED = re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|=\([^)]*\)")
_DOCUMENTATION = (
    "Extract police data on organised immigration crime, build the assurance marts, check them, "
    "and publish them."
)


@dataclass(frozen=True)
class Stage:
    """A stage of a run, with what it works on: a dataset or a build."""

    name: str
    dataset: str | None = None
    build_id: int | None = None


def is_disabled() -> bool:
    """Tell whether the deployment wants no events. OpenLineage's own variable says so."""
    return os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true"


def begin_run(settings: Settings, run_id: str, as_at: datetime) -> None:
    """Record that a run has started, and that other runs without an end were interrupted."""
    if is_disabled():
        return
    with _never_failing("the start of the run"):
        from importlib.metadata import version

        from oic_assurance.reporting.openlineage.events import daily_run, started

        end_interrupted(settings, but=run_id)
        engine = ("Airflow", version("apache-airflow-core"))
        find_journal(settings, run_id).add(
            [
                started(
                    daily_run(run_uuid(settings, run_id)),
                    as_at=as_at,
                    documentation=_DOCUMENTATION,
                    engine=engine,
                )
            ]
        )


def end_run(settings: Settings, run: Run) -> None:
    """Record how a run has ended, and send its events to the collector, if there is one."""
    if is_disabled():
        return
    with _never_failing("the end of the run"):
        from oic_assurance.reporting.openlineage.collector import deliver
        from oic_assurance.reporting.openlineage.events import Ending, daily_run, ended

        journal = find_journal(settings, run.run_id)
        events = journal.events()
        one = daily_run(run_uuid(settings, run.run_id))
        parts = [event for event in unfinished(events) if event["run"]["runId"] != one.run]
        ending = Ending("COMPLETE")
        if run.outcome != "published":
            ending = Ending("FAIL", _why_nothing_was_published(run, failed_jobs(events)))
        journal.add([*(_aborted(event) for event in parts), ended(one, ending)])
        journal.close()
        deliver(settings)


def end_interrupted(settings: Settings, but: str | None = None) -> None:
    """Record that every run without an end was interrupted, except the run `but`.

    Only one run is active at a time.
    """
    if is_disabled():
        return
    with _never_failing("an interrupted run"):
        own = find_journal(settings, but) if but else None
        for journal in open_journals(settings):
            if own is None or journal.open != own.open:
                journal.add(_aborted(event) for event in unfinished(journal.events()))
                journal.close()


def record_shown(settings: Settings, publication_id: int) -> None:
    """Record that a person has made another publication current, with a file of its own."""
    if is_disabled():
        return
    with _never_failing("which publication is current"):
        from oic_assurance.reporting.openlineage.collector import deliver
        from oic_assurance.reporting.openlineage.events import Ending, alone, ended, started
        from oic_assurance.reporting.openlineage.stages import shown

        one = alone(SHOW, ("OIC_ASSURANCE", "COMMAND"))
        journal = find_journal(settings, f"publication-{publication_id}-{one.run}")
        tables = shown(settings, publication_id)
        journal.add([started(one), ended(one, Ending("COMPLETE", tables=tables))])
        journal.close()
        deliver(settings)


@contextmanager
def recorded(settings: Settings, run_id: str, stage: Stage) -> Iterator[None]:
    """Record a stage: when it has started, how it has ended, what it has read and written."""
    since = datetime.now(UTC)
    one = _begin(settings, run_id, stage)
    try:
        yield
    except BaseException as error:
        _end(settings, run_id, stage, one, since, error)
        raise
    _end(settings, run_id, stage, one, since, None)


def _begin(settings: Settings, run_id: str, stage: Stage) -> "JobRun | None":
    """Record that a stage has started. Returns None if that is not possible or not wanted."""
    one = None
    if is_disabled():
        return one
    with _never_failing(f"the start of {stage.name}"):
        from oic_assurance.reporting.openlineage.events import daily_run, part_of, started

        whole = daily_run(run_uuid(settings, run_id))
        one = part_of(whole, stage_job(stage.name, stage.dataset))
        find_journal(settings, run_id).add([started(one)])
    return one


def _end(
    settings: Settings,
    run_id: str,
    stage: Stage,
    one: "JobRun | None",
    since: datetime,
    error: BaseException | None,
) -> None:
    if one is None:
        return
    with _never_failing(f"the end of {stage.name}"):
        from oic_assurance.reporting.openlineage.events import Ending, Tables, ended

        tables, parts = Tables(), list[str]()
        # A stage can fail because the warehouse cannot be reached. Then its tables stay unknown.
        with suppress(Exception) if error else _never_failing(f"the tables of {stage.name}"):
            tables, parts = _found(settings, run_id, stage, one, since, failed=error is not None)
        state, message = _state(stage, error)
        find_journal(settings, run_id).add([*parts, ended(one, Ending(state, message, tables))])


def _found(
    settings: Settings,
    run_id: str,
    stage: Stage,
    one: "JobRun",
    since: datetime,
    *,
    failed: bool,
) -> tuple["Tables", list[str]]:
    """Return what a stage has read and written, and the events of its parts."""
    from oic_assurance.reporting.openlineage import stages

    name = stage.name
    if stage.dataset is not None:
        return stages.extracted(settings, run_id, stage.dataset, failed=failed), []
    if name == "close_landing":
        return stages.landing_closed(settings), []
    if stage.build_id is None:
        raise AssertionError(f"the stage {name} needs a build")
    if name == "publish":
        return stages.published(settings, stage.build_id), []
    if name.startswith("audit_"):
        return stages.audited(settings, stage.build_id, name.removeprefix("audit_")), []
    suite = {"build_marts": "dbt_marts", "seal_marts": "dbt_sealed"}[name]
    return stages.built(settings, stage.build_id, suite, one, since)


def _state(stage: Stage, error: BaseException | None) -> tuple[str, str | None]:
    if error is None:
        return "COMPLETE", None
    if not isinstance(error, Exception):
        return "ABORT", f"{stage.name} was interrupted."
    if isinstance(error, AssuranceError):
        return "FAIL", without_values(error.message)
    return "FAIL", f"{type(error).__name__} (see the task's log)"


def without_values(message: str) -> str:
    """Return a message as one short line without quoted texts and credentials.

    A quoted text can be a value of a record, such as the date that could not be read.
    """
    line = " ".join(without_credentials(message).split())
    return _QUOTED.sub("…", line)[:_LONGEST_MESSAGE]


def _why_nothing_was_published(run: Run, failed: list[str]) -> str:
    """Return the reason without the run's own message, which can name a person."""
    stages = ", ".join(name.removeprefix(f"{DAILY}.") for name in failed if name != DAILY)
    if stages:
        return f"Nothing was published. Failed: {stages}."
    why = "nobody approved the warnings" if run.outcome == "blocked" else "the run was ended"
    return f"Nothing was published: {why}."


def _aborted(event: dict[str, object]) -> str:
    """Return the event that ends a job's run which has started and was interrupted."""
    from oic_assurance.reporting.openlineage.events import aborted

    return aborted(event)


@contextmanager
def _never_failing(what: str) -> Iterator[None]:
    """Log an error of the block as a warning, and go on."""
    try:
        yield
    except Exception as error:
        LOG.warning("OpenLineage: %s was not recorded: %s", what, type(error).__name__)
        LOG.debug("OpenLineage", exc_info=True)

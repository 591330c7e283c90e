"""Hear what a run does, and record it as OpenLineage events in the run's file.

`builds/listeners.py` calls `hear`, and says what it may hear. What fails here fails no run.
"""

import logging
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

from oic_assurance.builds.listeners import Stage
from oic_assurance.builds.runs import Run
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.openlineage import stages
from oic_assurance.reporting.openlineage.collector import deliver
from oic_assurance.reporting.openlineage.events import (
    JobRun,
    Tables,
    aborted,
    alone,
    daily_run,
    ended,
    part_of,
    started,
)
from oic_assurance.reporting.openlineage.journal import (
    failed_jobs,
    find_journal,
    open_journals,
    unfinished,
)
from oic_assurance.reporting.openlineage.names import DAILY, SHOW, run_uuid, stage_job
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import without_credentials

LOG = logging.getLogger(__name__)
#: What a stage's end is told to: the error that ended it, or None.
_Ends = Callable[[BaseException | None], None]
_LONGEST_MESSAGE = 300
#: Text in quotes, and the key in a message of PostgreSQL. It can be a value of a record.
_QUOTED = re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|=\([^)]*\)")
_DOCUMENTATION = (
    "Extract police data on organised immigration crime, build the assurance marts, check them, "
    "and publish them."
)


def hear(what: str, settings: Settings, *given: Any) -> _Ends | None:
    """Record what has happened, unless the deployment wants no events (OPENLINEAGE_DISABLED)."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return None
    ends: _Ends | None = _HEARD[what](settings, *given)
    return ends


def _run_began(settings: Settings, run_id: str, as_at: datetime) -> None:
    """Record that a run has started, and that other runs without an end were interrupted."""
    _runs_were_interrupted(settings, but=run_id)
    whole = daily_run(run_uuid(settings, run_id))
    engine = ("Airflow", version("apache-airflow-core"))
    start = started(whole, as_at=as_at, documentation=_DOCUMENTATION, engine=engine)
    find_journal(settings, run_id).add([start])


def _run_ended(settings: Settings, run: Run) -> None:
    """Record how a run has ended, and send its events to the collector, if there is one."""
    journal = find_journal(settings, run.run_id)
    events = journal.events()
    one = daily_run(run_uuid(settings, run.run_id))
    parts = [event for event in unfinished(events) if event["run"]["runId"] != one.run]
    end = ended(one)
    if run.outcome != "published":
        end = ended(one, "FAIL", _why_nothing_was_published(run, failed_jobs(events)))
    journal.add([*map(aborted, parts), end])
    journal.close()
    deliver(settings)


def _runs_were_interrupted(settings: Settings, but: str | None = None) -> None:
    """Record that every run without an end was interrupted, except the run `but`."""
    own = find_journal(settings, but).open if but else None
    for journal in open_journals(settings):
        if journal.open != own:
            journal.add(map(aborted, unfinished(journal.events())))
            journal.close()


def _publication_is_shown(settings: Settings, publication_id: int) -> None:
    """Record that a person has made another publication current, with a file of its own."""
    one = alone(SHOW, ("OIC_ASSURANCE", "COMMAND"))
    journal = find_journal(settings, f"publication-{publication_id}-{one.run}")
    parts = list[str]()
    try:
        parts = stages.shown(settings, publication_id, one)
    except FileNotFoundError as problem:
        # What dbt wrote about its models is in the state folder in which it ran. A restored one,
        # or that of another host, does not have it.
        name = type(problem).__name__
        LOG.info("OpenLineage: the tables of publication %s are unknown: %s", publication_id, name)
    journal.add([started(one), *parts, ended(one)])
    journal.close()
    deliver(settings)


def _stage_began(settings: Settings, run_id: str, stage: Stage) -> _Ends:
    whole = daily_run(run_uuid(settings, run_id))
    one = part_of(whole, stage_job(stage.name, stage.dataset))
    find_journal(settings, run_id).add([started(one)])
    return partial(_stage_ended, settings, run_id, stage, one, datetime.now(UTC))


def _stage_ended(
    settings: Settings,
    run_id: str,
    stage: Stage,
    one: JobRun,
    since: datetime,
    error: BaseException | None,
) -> None:
    """Record how a stage has ended, what it has read and written, and the jobs inside it."""
    tables, parts = Tables(), list[str]()
    try:
        tables, parts = stages.found(settings, run_id, stage, one, since, failed=error is not None)
    except Exception as problem:
        # A stage can fail because the warehouse cannot be reached. Then its tables stay unknown.
        level = logging.DEBUG if error else logging.WARNING
        name = type(problem).__name__
        LOG.log(level, "OpenLineage: the tables of %s are unknown: %s", stage.name, name)
    state, message = _state(stage, error)
    find_journal(settings, run_id).add([*parts, ended(one, state, message, tables)])


_HEARD: dict[str, Callable[..., Any]] = {
    "run began": _run_began,
    "stage began": _stage_began,
    "run ended": _run_ended,
    "runs were interrupted": _runs_were_interrupted,
    "publication is shown": _publication_is_shown,
}


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
    stopped = ", ".join(name.removeprefix(f"{DAILY}.") for name in failed if name != DAILY)
    if stopped:
        return f"Nothing was published. Failed: {stopped}."
    why = "nobody approved the warnings" if run.outcome == "blocked" else "the run was ended"
    return f"Nothing was published: {why}."

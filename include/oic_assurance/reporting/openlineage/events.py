"""Make the events of a job's run, as lines of JSON."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    set_producer,
)
from openlineage.client.facet_v2 import (
    documentation_job,
    error_message_run,
    job_type_job,
    nominal_time_run,
    parent_run,
    processing_engine_run,
)
from openlineage.client.serde import Serde

from oic_assurance.reporting.openlineage.names import DAILY, job_namespace, producer


@dataclass(frozen=True)
class JobRun:
    """One run of a job.

    Attributes:
        job: The name of the job.
        run: The UUID of the run.
        parent: The run that this run is a part of, or None for a whole daily run.
        kind: The program and the kind of job, such as `DBT` and `MODEL`.
    """

    job: str
    run: str
    parent: "JobRun | None" = None
    kind: tuple[str, str] = ("AIRFLOW", "TASK")

    @property
    def root(self) -> "JobRun":
        """The whole daily run."""
        return self.parent.root if self.parent else self


@dataclass(frozen=True)
class Tables:
    """What a job read and wrote."""

    inputs: Sequence[InputDataset] = ()
    outputs: Sequence[OutputDataset] = ()


def daily_run(run: str) -> JobRun:
    """Return the job run of a whole daily run."""
    return JobRun(DAILY, run, kind=("AIRFLOW", "DAG"))


def alone(job: str, kind: tuple[str, str]) -> JobRun:
    """Return a new run of a job that is no part of another run."""
    return JobRun(job, str(uuid.uuid4()), kind=kind)


def part_of(parent: JobRun, job: str, kind: tuple[str, str] = ("AIRFLOW", "TASK")) -> JobRun:
    """Return a new run of a job that is a part of another run."""
    return JobRun(job, str(uuid.uuid4()), parent, kind)


def started(
    one: JobRun,
    *,
    at: datetime | None = None,
    as_at: datetime | None = None,
    documentation: str | None = None,
    engine: tuple[str, str] | None = None,
) -> str:
    """Return the event that a run has started.

    Args:
        one: The run.
        at: When it started. Default: now.
        as_at: The moment that the run's figures are for.
        documentation: What the job does.
        engine: The name and the version of the program that runs the job.
    """
    facets: dict[str, Any] = {}
    if as_at is not None:
        facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(_utc(as_at))
    if engine is not None:
        name, version = engine
        facets["processing_engine"] = processing_engine_run.ProcessingEngineRunFacet(version, name)
    return _line(one, RunState.START, at, facets, documentation=documentation)


def ended(
    one: JobRun,
    state: str = "COMPLETE",
    message: str | None = None,
    tables: Tables | None = None,
    *,
    at: datetime | None = None,
) -> str:
    """Return the event that a run has ended, in a state and, if it failed, with the reason."""
    facets: dict[str, Any] = {}
    if message is not None:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(message, "Python")
    return _line(one, RunState(state), at, facets, tables)


def _line(
    one: JobRun,
    state: RunState,
    at: datetime | None,
    run_facets: Mapping[str, Any],
    tables: Tables | None = None,
    documentation: str | None = None,
) -> str:
    set_producer(producer())
    integration, job_type = one.kind
    job_facets: dict[str, Any] = {
        "jobType": job_type_job.JobTypeJobFacet("BATCH", integration, job_type)
    }
    if documentation:
        job_facets["documentation"] = documentation_job.DocumentationJobFacet(documentation)
    parents: dict[str, Any] = {"parent": _parent(one.parent)} if one.parent else {}
    tables = tables or Tables()
    event = RunEvent(
        eventTime=_utc(at or datetime.now(UTC)),
        producer=producer(),
        run=Run(one.run, {**parents, **run_facets}),
        job=Job(job_namespace(), one.job, job_facets),
        eventType=state,
        inputs=list(tables.inputs),
        outputs=list(tables.outputs),
    )
    return Serde.to_json(event)


def _parent(parent: JobRun) -> parent_run.ParentRunFacet:
    namespace, root = job_namespace(), parent.root
    return parent_run.ParentRunFacet(
        parent_run.Run(parent.run, facets=None),
        parent_run.Job(namespace, parent.job, facets=None),
        parent_run.Root(
            parent_run.RootRun(root.run, facets=None),
            parent_run.RootJob(namespace, root.job, facets=None),
        ),
    )


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def aborted(start: Mapping[str, Any]) -> str:
    """Return the event that ends a run which was interrupted, from the event that started it."""
    now = _utc(datetime.now(UTC))
    return Serde.to_json({**start, "eventType": RunState.ABORT.value, "eventTime": now})

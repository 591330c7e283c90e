"""Read the present value of every metric from the warehouse.

Only roles that a stage has anyway are used. The queries count and take the latest moment: no value
of a row, no login and no reason is read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from oic_assurance.builds.stages import FinishedStage, finished_stages
from oic_assurance.clock import utc_now
from oic_assurance.notifications.notify import run_deadline
from oic_assurance.notifications.problems import freshness_relation, open_problems, publication_due
from oic_assurance.publishing.publication import ROLE as PUBLISHING
from oic_assurance.publishing.publication import find_current, find_hold
from oic_assurance.reporting.telemetry import declared
from oic_assurance.reporting.telemetry.declared import Metric
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import all_records, find_record, one_record

ROLE = "oic_gate"


@dataclass(frozen=True)
class Sample:
    """The value of a metric now, with the values of its labels in the order of the declaration."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Run:
    run_id: str
    outcome: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class _Dataset:
    dataset: str
    verdict: str
    last_landed_at: datetime | None
    due_by: datetime | None


@dataclass(frozen=True)
class _Rejected:
    dataset: str
    rows: int


@dataclass(frozen=True)
class _Checks:
    severity: str
    passed: int
    failed: int


@dataclass(frozen=True)
class _Backups:
    made_at: datetime | None
    drilled_at: datetime | None
    is_proven: bool | None
    proven_at: datetime | None


_RUN = """
select run_id, outcome, started_at, finished_at
from audit.run
order by started_at desc
limit 1
"""
_FRESHNESS = """
select dataset, verdict, last_landed_at, due_by
from {freshness}
where force_code = %s
order by dataset
"""
_REJECTED = """
select rejected.dataset, count(*) as rows
from audit.rejected_row as rejected
inner join audit.batch as batch on batch.batch_id = rejected.batch_id
where rejected.status = 'rejected' and batch.force_code = %s
group by rejected.dataset
"""
# While a run builds the marts, its build has no results yet. Then those of the build before count.
_CHECKS = """
select severity, count(*) filter (where success) as passed,
    count(*) filter (where not success) as failed
from audit.latest_expectation_result
where build_id = (
    select max(build.build_id)
    from audit.build as build
    where build.purpose = 'daily'
        and exists (select from audit.gate as gate where gate.build_id = build.build_id)
)
group by severity
"""
_BACKUPS = """
select (select max(made_at) from audit.backup) as made_at, last.finished_at as drilled_at,
    last.is_proven,
    (select max(finished_at) from audit.restore_drill where is_proven) as proven_at
from (values (1)) as always (here)
left join lateral (
    select finished_at, is_proven from audit.restore_drill order by drill_id desc limit 1
) as last on true
"""


def collect(settings: Settings) -> list[Sample]:
    """Return the present value of each metric. A metric without a value is left out.

    Raises:
        ServerError: The warehouse cannot be reached.
        UsageError: ASSURANCE_RUN_DEADLINE is not a time of day.
    """
    now, deadline = utc_now(), run_deadline()
    with connect(settings, role=PUBLISHING) as warehouse:
        samples = list(_publication(warehouse))
    with connect(settings, role=ROLE) as warehouse:
        due = publication_due(warehouse, now, deadline)
        samples.append(_moment(declared.DUE, due))
        samples += _last_run(warehouse)
        samples += _datasets(warehouse, settings.force_code)
        samples += _checks(warehouse)
        samples += _backups(warehouse)
    kinds: list[str] = [problem.kind for problem in open_problems(settings, now, deadline)]
    samples += [Sample(declared.PROBLEMS, kinds.count(kind), (kind,)) for kind in declared.KINDS]
    samples.append(_moment(declared.COLLECTED, now))
    return samples


def _publication(warehouse: psycopg.Connection) -> Iterator[Sample]:
    current = find_current(warehouse)
    if current is not None:
        yield _moment(declared.AS_AT, current.as_at)
        yield _moment(declared.PUBLISHED, current.published_at)
    yield Sample(declared.HELD, find_hold(warehouse) is not None)


def _last_run(warehouse: psycopg.Connection) -> Iterator[Sample]:
    run = find_record(warehouse, _Run, _RUN.encode())
    if run is None:
        return
    for outcome in declared.OUTCOMES:
        yield Sample(declared.RUN_OUTCOME, run.outcome == outcome, (outcome,))
    yield _moment(declared.RUN_STARTED, run.started_at)
    if run.finished_at is not None:
        seconds = (run.finished_at - run.started_at).total_seconds()
        yield Sample(declared.RUN_DURATION, seconds)
    yield from _stages(finished_stages(warehouse, run.run_id))


def _stages(finished: Iterable[FinishedStage]) -> Iterator[Sample]:
    by_name: dict[str, list[FinishedStage]] = {}
    for stage in finished:
        by_name.setdefault(stage.stage, []).append(stage)
    for name, parts in by_name.items():
        yield Sample(declared.STAGE_DURATION, sum(part.seconds for part in parts), (name,))
        rows = [part.rows for part in parts if part.rows is not None]
        if rows:
            yield Sample(declared.STAGE_ROWS, sum(rows), (name,))
        failed = not all(part.succeeded for part in parts)
        yield Sample(declared.STAGE_FAILED, failed, (name,))


def _datasets(warehouse: psycopg.Connection, force_code: str) -> Iterator[Sample]:
    freshness = freshness_relation(warehouse)
    if freshness is not None:
        query = sql.SQL(_FRESHNESS).format(freshness=freshness)
        for one in all_records(warehouse, _Dataset, query, (force_code,)):
            yield Sample(declared.FRESH, one.verdict == "fresh", (one.dataset,))
            if one.last_landed_at is not None:
                yield _moment(declared.DELIVERED, one.last_landed_at, one.dataset)
            if one.due_by is not None:
                yield _moment(declared.DATASET_DUE, one.due_by, one.dataset)
    found = all_records(warehouse, _Rejected, _REJECTED.encode(), (force_code,))
    rejected = {one.dataset: one.rows for one in found}
    for dataset in sorted({*datasets(), *rejected}):
        yield Sample(declared.QUARANTINE, rejected.get(dataset, 0), (dataset,))


def _checks(warehouse: psycopg.Connection) -> Iterator[Sample]:
    found = {one.severity: one for one in all_records(warehouse, _Checks, _CHECKS.encode())}
    if not found:
        return
    for severity in declared.SEVERITIES:
        checks = found.get(severity, _Checks(severity, 0, 0))
        yield Sample(declared.CHECKS, checks.passed, (severity, "passed"))
        yield Sample(declared.CHECKS, checks.failed, (severity, "failed"))


def _backups(warehouse: psycopg.Connection) -> Iterator[Sample]:
    found = one_record(warehouse, _Backups, _BACKUPS.encode(), what="record of back-ups")
    if found.made_at is not None:
        yield _moment(declared.BACKUP, found.made_at)
    if found.drilled_at is not None:
        yield _moment(declared.DRILL, found.drilled_at)
        yield Sample(declared.DRILL_PROVEN, bool(found.is_proven))
    if found.proven_at is not None:
        yield _moment(declared.RESTORE_PROVEN, found.proven_at)


def _moment(metric: Metric, moment: datetime, *labels: str) -> Sample:
    return Sample(metric, moment.timestamp(), labels)

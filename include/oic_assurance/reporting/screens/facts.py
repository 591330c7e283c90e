"""Read the data for the screens of a run, `assurance status` and `publication list`.

The marts are read with the login of the BI tools, so that the screens show what readers see. The
tables of schema `audit` are read under the gate's role.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.builds.runs import Run, last_run
from oic_assurance.clock import utc_now
from oic_assurance.errors import ServerError
from oic_assurance.notifications.notification import Problem
from oic_assurance.notifications.notify import run_deadline
from oic_assurance.notifications.problems import (
    clock_problems,
    open_problems,
    policy_problems,
    sign_off_problems,
)
from oic_assurance.operations.backup.record import Drill, last_drill
from oic_assurance.operations.recall.recall import Recall, list_recalls
from oic_assurance.operations.review.due import DueTable, list_due
from oic_assurance.operations.upkeep.record import Upkeep, latest
from oic_assurance.publishing.publication import (
    Hold,
    Publication,
    current_hold,
    current_publication,
    list_publications,
)
from oic_assurance.reporting.screens.monitor import State, state_of
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, person, readable_marts, reason, url
from oic_assurance.warehouse.rows import all_records, one_value

Row = TypeVar("Row")
ROLE = "oic_gate"


@dataclass(frozen=True)
class Point:
    """The position of one assurance point in the current publication."""

    point_code: str
    status: str
    value: float | None
    numerator: float | None
    denominator: float | None
    ci_low: float | None
    ci_high: float | None
    deadline: date | None
    source_status: str | None
    caveat: str | None


@dataclass(frozen=True)
class ForceState:
    """Whether the national view knows a force, and why not."""

    force_name: str
    state: str
    caveat: str | None


@dataclass(frozen=True)
class Freshness:
    """The freshness of a dataset in the current publication."""

    dataset: str
    verdict: str
    last_landed_at: datetime | None
    due_by: datetime | None


@dataclass(frozen=True)
class FailedExtraction:
    """A dataset that could not be extracted, and the reason."""

    dataset: str
    reason: str


@dataclass(frozen=True)
class RefusedDelivery:
    """A delivery that was refused as a whole. The reason names the dataset and the file."""

    reason: str


@dataclass(frozen=True)
class NotTaken:
    """A file or folder in a dataset's folder that was not taken as a delivery."""

    dataset: str
    name: str
    reason: str


@dataclass(frozen=True)
class Rejection:
    """How many rows of a dataset were rejected for one reason."""

    dataset: str
    reason: str
    rows: int


@dataclass(frozen=True)
class SignOffProblem:
    """A sign-off that was reopened in the last day, or whose evidence could not be read."""

    recommendation_code: str
    what: str


@dataclass(frozen=True)
class Gate:
    """The gate's verdict on a build, combined over all stages.

    `expectations` is the number of checks, and `failed` the number of failed checks.
    """

    verdict: str
    expectations: int
    failed: int


@dataclass(frozen=True)
class FailedCheck:
    """A check that failed for a build."""

    suite: str
    severity: str
    description: str


@dataclass(frozen=True)
class Status:
    """The last run, the current publication with its position, and what failed."""

    run: Run | None
    publication: Publication | None
    #: The hold after a roll-back, if there is one. Later publications wait until it is released.
    hold: Hold | None
    position: list[Point]
    freshness: list[Freshness]
    #: Failed extractions and refused deliveries of the last run.
    failed_extractions: list[FailedExtraction]
    refused_deliveries: list[RefusedDelivery]
    #: Files and folders that the last run found in dataset folders and did not take.
    not_taken: list[NotTaken]
    #: The open recalls of records whose marking has risen.
    recalls: list[Recall]
    #: Reopenings of sign-offs in the last day, and evidence that could not be read.
    sign_offs: list[SignOffProblem]
    #: The last drill, in which a back-up was restored. None if there was none.
    drill: Drill | None
    #: The latest run of each part of the upkeep.
    upkeep: list[Upkeep]
    #: How many records of each table are past their retention.
    retention: list[DueTable]
    #: The gate's verdict and the failed checks of the current publication.
    gate: Gate | None
    failed_checks: list[FailedCheck]
    #: What somebody has to act on now, as notifications say it.
    problems: list[Problem]
    #: The state of each force, in the national warehouse.
    forces: list[ForceState] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What a monitor shows: how urgent the problems are."""
        return state_of(self.problems, is_published=self.publication is not None)


@dataclass(frozen=True)
class Publications:
    """All publications, newest first, and the hold after a roll-back, if there is one."""

    publications: list[Publication]
    hold: Hold | None


def read_status(settings: Settings) -> Status:
    """Return the status of the warehouse. Before the first publication, most fields are empty."""
    run = last_run(settings)
    publication = current_publication(settings)
    build_id = publication.publication_id if publication else None
    return Status(
        run=run,
        publication=publication,
        hold=current_hold(settings),
        position=position(settings),
        forces=forces(settings),
        freshness=freshness(settings),
        failed_extractions=failed_extractions(settings, run.run_id) if run else [],
        refused_deliveries=refused_deliveries(settings, run.run_id) if run else [],
        not_taken=not_taken(settings, run.run_id) if run else [],
        recalls=[one for one in list_recalls(settings) if one.ended_at is None],
        sign_offs=sign_offs(settings),
        drill=last_drill(settings),
        upkeep=latest(settings),
        retention=list_due(settings),
        gate=gate(settings, build_id) if build_id else None,
        failed_checks=failed_checks(settings, build_id) if build_id else [],
        problems=open_problems(settings, utc_now(), run_deadline()),
    )


def read_publications(settings: Settings) -> Publications:
    """Return all publications, newest first, and the hold, if there is one."""
    return Publications(list_publications(settings), current_hold(settings))


def position(settings: Settings) -> list[Point]:
    """Return the position of each assurance point in the current publication.

    The list is empty before the first publication.
    """
    return _published(
        settings,
        Point,
        """
        select point_code, status, value, numerator, denominator, ci_low, ci_high, deadline,
            source_status, caveat
        from {marts}.assurance_position
        order by point_code
        """,
    )


def forces(settings: Settings) -> list[ForceState]:
    """Return the state of each force in the current publication of the national warehouse.

    The list is empty before the first publication, and in the warehouse of a force.
    """
    if settings.kind != "national":
        return []
    return _published(
        settings,
        ForceState,
        "select force_name, state, caveat from {marts}.national_force_state order by force_name",
    )


def freshness(settings: Settings) -> list[Freshness]:
    """Return the freshness of each dataset in the current publication.

    The list is empty before the first publication.
    """
    return _published(
        settings,
        Freshness,
        """
        select dataset, verdict, last_landed_at, due_by
        from {marts}.source_freshness
        order by dataset
        """,
    )


def failed_extractions(settings: Settings, run_id: str) -> list[FailedExtraction]:
    """Return the datasets whose last extraction in a run failed, each with the reason."""
    return _recorded(
        settings,
        FailedExtraction,
        """
        select dataset, coalesce(reason, 'no reason was recorded') as reason
        from (
            select distinct on (dataset) dataset, outcome, reason
            from audit.extraction
            where run_id = %s
            order by dataset, extraction_id desc
        ) as latest
        where outcome is distinct from 'succeeded'
        order by dataset
        """,
        run_id,
    )


def refused_deliveries(settings: Settings, run_id: str) -> list[RefusedDelivery]:
    """Return the deliveries that a run refused as a whole."""
    return _recorded(
        settings,
        RefusedDelivery,
        """
        select coalesce(reason, dataset || ': ' || source_place) as reason
        from audit.batch
        where run_id = %s and status = 'refused'
        order by batch_id
        """,
        run_id,
    )


def not_taken(settings: Settings, run_id: str) -> list[NotTaken]:
    """Return the files and folders that a run found and did not take, each with the reason."""
    return _recorded(
        settings,
        NotTaken,
        """
        select latest.dataset, found.name, found.reason
        from (
            select distinct on (dataset) dataset, extraction_id
            from audit.extraction
            where run_id = %s
            order by dataset, extraction_id desc
        ) as latest
        inner join audit.not_taken as found using (extraction_id)
        order by latest.dataset, found.name
        """,
        run_id,
    )


def told_by_the_run(settings: Settings) -> list[Problem]:
    """Return what a run tells besides its result: clocks that disagree, and wrong policy."""
    with connect(settings, role=ROLE) as warehouse:
        clocks = clock_problems(warehouse, "")
    return [*clocks, *policy_problems(settings, utc_now(), "")]


def sign_offs(settings: Settings) -> list[SignOffProblem]:
    """Return what is wrong with sign-offs now."""
    with connect(settings, role=ROLE) as warehouse:
        found = sign_off_problems(warehouse, settings, utc_now(), "")
    return [SignOffProblem(one.subject, one.what) for one in found]


def rejections(settings: Settings, run_id: str) -> list[Rejection]:
    """Return why rows were rejected in a run, and how many. The most frequent reason is first.

    A row that has several reasons is counted for its first reason only.
    """
    return _recorded(
        settings,
        Rejection,
        """
        select rejected.dataset, rejected.reasons[1] as reason, count(*) as rows
        from audit.rejected_row as rejected
        inner join audit.batch as batch on batch.batch_id = rejected.batch_id
        where batch.run_id = %s
        group by rejected.dataset, rejected.reasons[1]
        order by rows desc, dataset, reason
        """,
        run_id,
    )


def rows_in_quarantine(settings: Settings) -> int:
    """Return how many rejected rows in quarantine have not been replayed yet."""
    with connect(settings, role=ROLE) as warehouse:
        return int(
            one_value(
                warehouse, "select count(*) from audit.rejected_row where status = 'rejected'"
            )
        )


def gate(settings: Settings, build_id: int) -> Gate:
    """Return the gate's verdict on a build, combined over all stages.

    The verdict is `not audited` if the gate has not checked the build.
    """
    return _recorded(
        settings,
        Gate,
        """
        select
            case
                when bool_or(verdict = 'critical') then 'critical'
                when bool_or(verdict = 'warning') then 'warning'
                when count(*) > 0 then 'passed'
                else 'not audited'
            end as verdict,
            coalesce(sum(expectations), 0)::bigint as expectations,
            coalesce(sum(failed), 0)::bigint as failed
        from audit.gate
        where build_id = %s
        """,
        build_id,
    )[0]


def failed_checks(settings: Settings, build_id: int) -> list[FailedCheck]:
    """Return the checks that failed for a build, most severe first."""
    return _recorded(
        settings,
        FailedCheck,
        """
        select suite, severity, coalesce(description, expectation) as description
        from audit.latest_expectation_result
        where build_id = %s and not success
        order by array_position(array['critical', 'warning', 'info'], severity), suite, result_id
        """,
        build_id,
    )


def reader_place(settings: Settings) -> str:
    """Return the address and the login with which BI tools connect, without the password."""
    parts = conninfo_to_dict(url(settings, "bi"))
    return (
        f"server {parts.get('host')}, port {parts.get('port') or 5432}, "
        f"database {parts.get('dbname')}, user {parts.get('user')}"
    )


def data_docs_page(settings: Settings) -> Path:
    """Return the path of the first page of the Data Docs. The file may not exist yet."""
    return settings.home / "reports" / "data_docs" / "index.html"


def _published(settings: Settings, kind: type[Row], query: str) -> list[Row]:
    try:
        if person() is None:
            session = psycopg.connect(url(settings, "bi"))
        else:
            session = connect(settings, role=ROLE)
    except psycopg.OperationalError as error:
        raise ServerError(f"The marts cannot be read as 'bi_reader': {reason(error)}.") from error
    with session as reader:
        try:
            return all_records(reader, kind, query.format(marts=readable_marts()).encode())
        except psycopg.errors.UndefinedTable:
            return []


def _recorded(settings: Settings, kind: type[Row], query: str, *parameters: Any) -> list[Row]:
    with connect(settings, role=ROLE) as warehouse:
        return all_records(warehouse, kind, query.encode(), parameters)

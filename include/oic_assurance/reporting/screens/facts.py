"""Records for the screens of a run, of the status and of the publications.

The marts are read as a reader sees them, and the audit tables under the role of the gate.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.builds.runs import Run, last_run
from oic_assurance.publishing.publication import (
    Hold,
    Publication,
    current_hold,
    current_publication,
    list_publications,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.rows import all_records, one_value

Row = TypeVar("Row")
ROLE = "oic_gate"


@dataclass(frozen=True)
class Point:
    """One assurance point as readers see it."""

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
class Freshness:
    """How fresh a dataset was for the current publication."""

    dataset: str
    verdict: str
    last_landed_at: datetime | None
    due_by: datetime | None


@dataclass(frozen=True)
class FailedExtraction:
    """A dataset that could not be extracted, and why."""

    dataset: str
    reason: str


@dataclass(frozen=True)
class RefusedDelivery:
    """A delivery that was refused as a whole. The reason names the dataset and the file."""

    reason: str


@dataclass(frozen=True)
class Rejection:
    """The number of rows of a dataset that were rejected for one reason."""

    dataset: str
    reason: str
    rows: int


@dataclass(frozen=True)
class Gate:
    """The gate's verdict over all stages of a build."""

    verdict: str
    expectations: int
    failed: int


@dataclass(frozen=True)
class FailedCheck:
    """A check that failed on a build."""

    suite: str
    severity: str
    description: str


@dataclass(frozen=True)
class Status:
    """The last run, the current publication with its position, and what failed."""

    run: Run | None
    publication: Publication | None
    #: The roll-back that later publications wait behind.
    hold: Hold | None
    position: list[Point]
    freshness: list[Freshness]
    #: Of the last run.
    failed_extractions: list[FailedExtraction]
    refused_deliveries: list[RefusedDelivery]
    #: Of the current publication.
    gate: Gate | None
    failed_checks: list[FailedCheck]


@dataclass(frozen=True)
class Publications:
    """Every publication, the newest first, and the roll-back in force."""

    publications: list[Publication]
    hold: Hold | None


def read_status(settings: Settings) -> Status:
    """Return the status of the warehouse. Before the first publication most of it is empty."""
    run = last_run(settings)
    publication = current_publication(settings)
    build_id = publication.publication_id if publication else None
    return Status(
        run=run,
        publication=publication,
        hold=current_hold(settings),
        position=position(settings),
        freshness=freshness(settings),
        failed_extractions=failed_extractions(settings, run.run_id) if run else [],
        refused_deliveries=refused_deliveries(settings, run.run_id) if run else [],
        gate=gate(settings, build_id) if build_id else None,
        failed_checks=failed_checks(settings, build_id) if build_id else [],
    )


def read_publications(settings: Settings) -> Publications:
    """Return every publication, the newest first, and the roll-back in force."""
    return Publications(list_publications(settings), current_hold(settings))


def position(settings: Settings) -> list[Point]:
    """Return the four points, as readers see them."""
    return _published(
        settings,
        Point,
        """
        select point_code, status, value, numerator, denominator, ci_low, ci_high, deadline,
            source_status, caveat
        from marts.assurance_position
        order by point_code
        """,
    )


def freshness(settings: Settings) -> list[Freshness]:
    """Return how fresh each dataset is, as readers see it."""
    return _published(
        settings,
        Freshness,
        """
        select dataset, verdict, last_landed_at, due_by
        from marts.source_freshness
        order by dataset
        """,
    )


def failed_extractions(settings: Settings, run_id: str) -> list[FailedExtraction]:
    """Return the datasets whose last attempt in a run failed."""
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


def rejections(settings: Settings, run_id: str) -> list[Rejection]:
    """Return the reasons for which a run rejected rows, the most frequent first."""
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
    """Return how many rejected rows wait for a correction."""
    with connect(settings, role=ROLE) as warehouse:
        return int(
            one_value(
                warehouse, "select count(*) from audit.rejected_row where status = 'rejected'"
            )
        )


def gate(settings: Settings, build_id: int) -> Gate:
    """Return the verdict over all stages of a build."""
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
    """Return the checks that failed on a build, the most severe first."""
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
    """Return the address that BI tools connect to, without the password."""
    parts = conninfo_to_dict(url(settings, "bi"))
    return (
        f"server {parts.get('host')}, port {parts.get('port') or 5432}, "
        f"database {parts.get('dbname')}, user {parts.get('user')}"
    )


def data_docs_page(settings: Settings) -> Path:
    """Return the first page of the Data Docs."""
    return settings.home / "reports" / "data_docs" / "index.html"


def _published(settings: Settings, kind: type[Row], query: str) -> list[Row]:
    with psycopg.connect(url(settings, "bi")) as reader:
        try:
            return all_records(reader, kind, query.encode())
        except psycopg.errors.UndefinedTable:
            return []


def _recorded(settings: Settings, kind: type[Row], query: str, *parameters: Any) -> list[Row]:
    with connect(settings, role=ROLE) as warehouse:
        return all_records(warehouse, kind, query.encode(), parameters)

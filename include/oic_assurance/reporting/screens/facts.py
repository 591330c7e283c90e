"""What the screens show, read from the warehouse: the marts as a reader, the record as the gate."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.publishing.publication import Publication, current_publication
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
    """A delivery that was refused whole: the reason names dataset and file."""

    reason: str


@dataclass(frozen=True)
class Rejection:
    """How many rows of a dataset were rejected for a reason."""

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
class BrokenExpectation:
    """A promise that was not kept."""

    suite: str
    severity: str
    description: str


def current(settings: Settings) -> Publication | None:
    """Return the publication that readers see."""
    return current_publication(settings)


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
        select dataset, coalesce(reason, 'it ended without a word') as reason
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
    """Return the deliveries that a run refused whole."""
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
    """Return why rows were rejected in a run, the most frequent reason first."""
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


def broken_expectations(settings: Settings, build_id: int) -> list[BrokenExpectation]:
    """Return the promises that were not kept in a build, the worst first."""
    return _recorded(
        settings,
        BrokenExpectation,
        """
        select suite, severity, coalesce(description, expectation) as description
        from audit.latest_expectation_result
        where build_id = %s and not success
        order by array_position(array['critical', 'warning', 'info'], severity), suite, result_id
        """,
        build_id,
    )


def reader_place(settings: Settings) -> str:
    """Return where BI tools connect to, without the password."""
    parts = conninfo_to_dict(url(settings, "bi"))
    return (
        f"server {parts.get('host')}, port {parts.get('port') or 5432}, "
        f"database {parts.get('dbname')}, user {parts.get('user')}"
    )


def data_docs_page(settings: Settings) -> Path:
    """Return the first page of what the gate found."""
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

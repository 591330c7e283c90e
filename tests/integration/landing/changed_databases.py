"""Records in the source databases, for tests of landing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.landing.support import FOREVER, World

CUSTODY = "rms/custody_record"
REPORTS = "intelligence/report"
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return the moment that is `minutes` after `START`."""
    return START + timedelta(minutes=minutes)


def put(world: World, key: int, updated: datetime, officer: str = "C1", **other: Any) -> None:
    """Insert or replace a custody record."""
    values = {
        "custody_id": key,
        "arresting_officer_no": officer,
        "detention_reason_code": "IMMIGRATION",
        "detained_at": START,
        "created_at": START,
        "updated_at": updated,
    } | other
    world.rms("delete from rms.custody_record where custody_id = %s", key)
    world.rms(
        f"insert into rms.custody_record ({', '.join(values)})"
        f" values ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def put_report(world: World, key: int, updated: datetime, **other: Any) -> None:
    """Insert or replace an intelligence report."""
    values = {
        "report_id": key,
        "report_urn": f"URN-{key}",
        "document_type_code": "NCCU_INTEL",
        "grading_scheme": "3x5x2",
        "source_evaluation": "1",
        "intelligence_assessment": "A",
        "handling_code": "P",
        "protective_marking": "OFFICIAL-SENSITIVE",
        "author_officer_no": "C1",
        "status": "SUBMITTED",
        "created_at": START,
        "updated_at": updated,
        "narrative": f"The heron lands at midnight {key}",
        "source_identity": f"Mallard {key}",
    } | other
    world.intelligence("delete from intel.report where report_id = %s", key)
    world.intelligence(
        f"insert into intel.report ({', '.join(values)})"
        f" values ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def officers(world: World, moment: datetime | None = None) -> dict[str, str]:
    """Return the arresting officer of each custody record, from its version in raw at `moment`.

    Without a moment, the newest version is used.
    """
    state = world.state(CUSTODY, ("arresting_officer_no",), moment or FOREVER)
    return {key: officer for key, (officer,) in state.items()}


def put_many(world: World, first: int, last: int, updated: datetime = START) -> None:
    """Insert custody records with the keys from `first` to `last`."""
    world.rms(
        "insert into rms.custody_record (custody_id, arresting_officer_no, detention_reason_code,"
        " detained_at, created_at, updated_at)"
        " select n, 'C1', repeat('x', 50), %s, %s, %s from generate_series(%s::int, %s) as n",
        START, START, updated, first, last,
    )  # fmt: skip

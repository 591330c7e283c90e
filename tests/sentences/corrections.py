"""Corrections of records that were published, each delivered on the second day of the world.

Each is of one kind: dates move to before the deadline or to after it, or what was there is gone.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.catalogue import deliveries
from tests.catalogue.rewrite import Sheets, change_book, change_rows
from tests.catalogue.world import DAY, World
from tests.sentences.states import CHANGED

BEFORE, AFTER = date(2025, 12, 1), date(2026, 5, 2)
#: The day on which the plan was approved that missed the deadline.
LATE = date(2026, 1, 20)

#: Each correction by its name.
CORRECTIONS: dict[str, Callable[[World], None]] = {}


def correction(make: Callable[[World], None]) -> Callable[[World], None]:
    """Add a correction. Its name is that of the function, in words."""
    CORRECTIONS[make.__name__.replace("_", " ")] = make
    return make


def _change(
    world: World, dataset: str, sheet: str, column: str, change: Callable[[int, Any], Any]
) -> None:
    """Change a column of a sheet; `change` gets the line from 1 on, and what the cell holds."""

    def changed(sheets: Sheets) -> Sheets:
        place = sheets[sheet][0].index(column)
        rows = [
            [change(line, cell) if line and at == place else cell for at, cell in enumerate(row)]
            for line, row in enumerate(sheets[sheet])
        ]
        return sheets | {sheet: rows}

    book = deliveries.files(world, dataset).today
    deliveries.deliver(world, dataset, change_book(book, changed), DAY)


def _complete(world: World, column: str, value: str) -> None:
    """Deliver modules of the first file again, completed by every fifth officer, with a change."""

    def changed(row: dict[str, str]) -> dict[str, str] | None:
        is_one = row["status"] == "COMPLETED" and row["course_code"] == "OIC-EL"
        return row | {column: value} if is_one and row["employee_no"].endswith(("0", "5")) else None

    files = deliveries.files(world, "lms/completions")
    again = change_rows(files.first, changed).partition(b"\n")[2]
    deliveries.deliver(
        world, "lms/completions", change_rows(files.today, lambda row: row) + again, DAY
    )


@correction
def nothing_is_corrected(world: World) -> None:
    pass


@correction
def one_plan_approved_earlier(world: World) -> None:
    _change(
        world,
        "governance/plans",
        "Plans",
        "approved_date",
        lambda line, cell: BEFORE if cell == LATE else cell,
    )


@correction
def all_plans_approved_earlier(world: World) -> None:
    _change(world, "governance/plans", "Plans", "approved_date", lambda line, cell: BEFORE)


@correction
def all_plans_approved_later(world: World) -> None:
    _change(world, "governance/plans", "Plans", "approved_date", lambda line, cell: AFTER)


@correction
def approval_withdrawn(world: World) -> None:
    _change(
        world,
        "governance/plans",
        "Plans",
        "approved_date",
        lambda line, cell: "" if cell == LATE else cell,
    )


@correction
def modules_completed_earlier(world: World) -> None:
    _complete(world, "completed_at", "2025-12-01T10:00:00")


@correction
def modules_completed_later(world: World) -> None:
    _complete(world, "completed_at", f"{AFTER}T10:00:00")


@correction
def completions_withdrawn(world: World) -> None:
    _complete(world, "status", "FAILED")


@correction
def sessions_moved_earlier(world: World) -> None:
    _change(
        world,
        "hydra/attendance",
        "Sessions",
        "session_date",
        lambda line, cell: cell - timedelta(days=60) if cell < AFTER else cell,
    )


@correction
def passes_withdrawn(world: World) -> None:
    _change(
        world,
        "hydra/attendance",
        "Attendance",
        "outcome",
        lambda line, cell: "REFER" if line % 2 else cell,
    )


@correction
def documents_withdrawn(world: World) -> None:
    world.execute(
        "intelligence",
        f"update intel.report set status = 'WITHDRAWN', {CHANGED}"
        " where report_id % 3 = 0 and submitted_at >= date '2026-03-01'",
    )


@correction
def documents_corrected_to_count(world: World) -> None:
    world.execute(
        "intelligence",
        f"update intel.report set status = 'SUBMITTED', {CHANGED}"
        " where status in ('REJECTED', 'WITHDRAWN')",
    )

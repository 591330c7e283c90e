"""Landing of Excel workbooks: damaged files, rejected rows, keys and blanks.

The file catalogue tests other properties of workbooks.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from oic_assurance.sources.declarations.load import dataset
from tests.files import case
from tests.files.workbooks import ATTENDANCE, SESSIONS, both
from tests.integration.landing.support import World, workbook

HYDRA = "hydra/attendance/hydra_20260105.xlsx"


def landed(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        world.state("hydra/attendance", ("session_date", "capacity")),
        world.state("hydra/attendance", ("attended", "outcome"), table="hydra_attendance"),
    )


def test_a_damaged_workbook_is_refused(world: World) -> None:
    whole = both()
    for number, place in enumerate(range(30, len(whole), len(whole) // 25)):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) * 8 + whole[place + 8 :]
        day = date(2026, 1, 1) + timedelta(days=number)
        world.drop(f"hydra/attendance/hydra_{day:%Y%m%d}.xlsx", broken)
    world.drop("hydra/attendance/hydra_20260630.xlsx", whole)
    world.land("hydra/attendance")
    statuses = [batch["status"] for batch in world.batches("hydra/attendance")]
    assert statuses[-1] == "landed"
    assert statuses.count("refused") > 10
    assert landed(world) == (case.SESSIONS, case.ATTENDANCE)


def test_a_rejected_row_of_one_sheet_does_not_stop_the_rest(world: World) -> None:
    attendance = [*ATTENDANCE, ["H2", "12AB", "Y", "PASS"], ["H2", "000777", "yes", "FAIL"]]
    world.drop(HYDRA, both(attendance=attendance))
    assert world.land("hydra/attendance").rows_rejected == 2
    assert landed(world) == (case.SESSIONS, case.ATTENDANCE)
    assert world.reasons("hydra/attendance") == [
        (4, None, ["employee_no is not a number of up to 6 digits"]),
        (5, "(H2,000777)", ["attended is not one of Y, N", "outcome is not one of PASS, REFER"]),
    ]


def test_a_capacity_that_is_not_a_number_becomes_blank_with_a_note(world: World) -> None:
    world.drop(HYDRA, both([*SESSIONS, ["H3", date(2025, 10, 20), None, "28 or so"]]))
    world.land("hydra/attendance")
    assert world.state("hydra/attendance", ("capacity",))["H3"] == (None,)
    [batch] = world.batches("hydra/attendance")
    assert batch["notes"]["hydra_session"] == {"unreadable_made_blank": {"capacity": 1}}


def test_incomplete_plans_are_landed(world: World) -> None:
    plans: list[list[Any]] = [
        ["plan_ref", "strand", "title", "owner_role", "version", "approved_date",
         "review_due_date", "evidence_ref"],
        ["P1", "COLLECT", "Collect", "Head of intelligence", 1.2, date(2025, 12, 1),
         date(2026, 12, 1), "EV-1"],
        ["P2", "SHARE"],
    ]  # fmt: skip
    milestones: list[list[Any]] = [
        ["plan_ref", "milestone", "due_date", "completed_date"],
        ["P1", "Sign-off"],
    ]
    content = workbook({"Plans": plans, "Milestones": milestones})
    world.drop("governance/plans/plan_register.xlsx", content, datetime(2026, 1, 5, tzinfo=UTC))
    assert world.land("governance/plans").rows_rejected == 0
    assert world.state("governance/plans", ("owner_role", "version", "approved_date")) == {
        "P1": ("Head of intelligence", "1.2", date(2025, 12, 1)),
        "P2": (None, None, None),
    }
    assert world.state("governance/plans", ("due_date",), table="plan_milestone") == {
        "(P1,Sign-off)": (None,)
    }


def test_very_long_keys_are_different_keys(world: World) -> None:
    page = "to be reached " * 2000
    plans = [dataset("governance/plans").tables[0].names, ("P1", "COLLECT")]
    header = ["plan_ref", "milestone", "due_date", "completed_date"]
    milestones = [
        header,
        ["P1", page + "first"],
        ["P1", page + "second"],
        ["P1", "third"],
    ]
    content = workbook({"Plans": plans, "Milestones": milestones})
    world.drop("governance/plans/plan_register.xlsx", content)
    report = world.land("governance/plans")
    assert (report.rows_landed, report.rows_rejected) == (4, 0)
    state = world.state("governance/plans", ("milestone",), table="plan_milestone")
    assert {text for (text,) in state.values()} == {page + "first", page + "second", "third"}

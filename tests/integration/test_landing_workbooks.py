"""Excel workbooks: dates, lost zeros and further sheets are coped with; the rest is refused."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.settings import Settings
from oic_assurance.sources.declaration import dataset
from tests.integration.landing_support import World, warehouse_of_its_own, workbook

HYDRA = "hydra/attendance/hydra_20260105.xlsx"
SESSIONS = [
    ["session_code", "session_date", "venue", "capacity"],
    ["H1", date(2025, 10, 6), "Wootton Hall", 28],
    ["H2", date(2025, 10, 13), None, None],
]
ATTENDANCE = [
    ["session_code", "employee_no", "attended", "outcome"],
    ["H1", "000123", "Y", "PASS"],
    ["H1", "004567", "N", None],
    ["H2", "000123", "Y", "REFER"],
]
LANDED = (
    {"H1": (date(2025, 10, 6), "Wootton Hall", 28), "H2": (date(2025, 10, 13), None, None)},
    {
        "(H1,000123)": ("Y", "PASS"),
        "(H1,004567)": ("N", None),
        "(H2,000123)": ("Y", "REFER"),
    },
)
Rows = list[list[Any]]


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    with warehouse_of_its_own() as settings:
        yield settings


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(warehouse, tmp_path)
    yield world
    world.close()


def landed(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        world.state("hydra/attendance", ("session_date", "venue", "capacity")),
        world.state("hydra/attendance", ("attended", "outcome"), table="hydra_attendance"),
    )


def both(sessions: Rows = SESSIONS, attendance: Rows = ATTENDANCE, **options: Any) -> bytes:
    return workbook({"Sessions": sessions, "Attendance": attendance}, **options)


def with_dates(form: Any) -> Rows:
    return [SESSIONS[0], *[[code, form(day), *rest] for code, day, *rest in SESSIONS[1:]]]


FORMS = {
    "plain": both(),
    "dates as text": both(with_dates(lambda day: f"{day:%d/%m/%Y}")),
    "dates as numbers": both(with_dates(lambda day: (day - date(1899, 12, 30)).days)),
    "dates with a time": both(with_dates(lambda day: f"{day} 09:00:00")),
    "counted from 1904": both(date_1904=True),
    "counted from 1904, as numbers": both(
        with_dates(lambda day: (day - date(1904, 1, 1)).days), date_1904=True
    ),
    "employee numbers as numbers": both(
        attendance=[ATTENDANCE[0], *[[r[0], int(r[1]), *r[2:]] for r in ATTENDANCE[1:]]]
    ),
    "employee numbers with a quote's blanks": both(
        attendance=[ATTENDANCE[0], *[[r[0], f" {r[1]} ", *r[2:]] for r in ATTENDANCE[1:]]]
    ),
    "title and total lines": both(
        [["Hydra sessions"], [], *SESSIONS, ["Total", None, None, 28]],
        [["Attendance"], *ATTENDANCE, ["Total 3 rows"]],
    ),
    "columns further right": both([[None, None, *row] for row in SESSIONS]),
    "a column more": both([[*row, "x"] for row in SESSIONS]),
    "a remark beside the table": both([*SESSIONS[:2], [*SESSIONS[2], None, "moved twice"]]),
    "sheets in other spelling": workbook({"ATTENDANCE": ATTENDANCE, " sessions": SESSIONS}),
    "fifty more sheets": workbook(
        {
            **{f"Notes {n}": [["anything"], ["goes"]] for n in range(50)},
            "Sessions": SESSIONS,
            "Attendance": ATTENDANCE,
        }
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_workbook_lands_the_same(world: World, form: str) -> None:
    world.drop(HYDRA, FORMS[form])
    report = world.land("hydra/attendance")
    assert (report.refused, world.reasons("hydra/attendance")) == ([], [])
    assert landed(world) == LANDED


def test_formulas_count_with_the_value_they_had(world: World) -> None:
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sessions, attendance = book.add_worksheet("Sessions"), book.add_worksheet("Attendance")
    sessions.write_row(0, 0, SESSIONS[0])
    sessions.write_formula(1, 0, '="H"&1', None, "H1")
    sessions.write_formula(1, 1, "=DATE(2025,10,6)", None, 45936)
    sessions.write_formula(1, 2, '="Wootton "&"Hall"', None, "Wootton Hall")
    sessions.write_formula(1, 3, "=4*7", None, 28)
    attendance.write_row(0, 0, ATTENDANCE[0])
    book.close()
    world.drop(HYDRA, stream.getvalue())
    assert world.land("hydra/attendance").rows_rejected == 0
    assert landed(world) == ({"H1": (date(2025, 10, 6), "Wootton Hall", 28)}, {})


def encrypted() -> bytes:
    """Return what an encrypted workbook looks like from outside."""
    directory = "EncryptedPackage".encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + directory + bytes(512)


def bomb() -> bytes:
    stream = io.BytesIO(both())
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"xl/media/{number}.bin", bytes(100 * 1024 * 1024))
    return stream.getvalue()


PLANS = {
    "Plans": [["plan_ref"], ["P1"]],
    "Milestones": [["plan_ref"], ["P1"]],
}
REFUSED = {
    "protected by a password": (encrypted(), "the workbook is protected by a password"),
    "an old format": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024),
        "it is an old Office document, not an .xlsx workbook",
    ),
    "cut off": (both()[:-300], "the workbook is damaged"),
    "text under its name": ("session_code,session_date\n", "it is not a workbook"),
    "another archive": (b"PK\x05\x06" + bytes(18), "the workbook is damaged"),
    "0 bytes": (b"", "it is empty (0 bytes)"),
    "a bomb": (bomb(), "the workbook unpacks to more than 512 MB"),
    "a sheet fewer": (workbook({"Sessions": SESSIONS}), "missing sheet Attendance"),
    "a column fewer": (
        both([row[:3] for row in SESSIONS]),
        "sheet Sessions: missing column capacity",
    ),
    "a workbook of another dataset": (workbook(PLANS), "it looks like a file of governance/plans"),
    "sheets swapped": (
        workbook({"Sessions": ATTENDANCE, "Attendance": SESSIONS}),
        "sheet Sessions: no header row with the columns",
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_is_no_workbook_of_the_dataset_is_refused(world: World, form: str) -> None:
    content, reason = REFUSED[form]
    world.drop(HYDRA, content)
    [(file, said)] = world.land("hydra/attendance").refused
    assert file == "hydra_20260105.xlsx"
    assert said.startswith(reason)


def test_a_damaged_workbook_is_refused_wherever_the_damage_is(world: World) -> None:
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
    assert landed(world) == LANDED


def test_a_broken_row_of_one_sheet_leaves_the_rest(world: World) -> None:
    attendance = [*ATTENDANCE, ["H2", "12AB", "Y", "PASS"], ["H2", "000777", "yes", "FAIL"]]
    world.drop(HYDRA, both(attendance=attendance))
    assert world.land("hydra/attendance").rows_rejected == 2
    assert landed(world) == LANDED
    assert world.reasons("hydra/attendance") == [
        (4, None, ["employee_no is not a number of up to 6 digits"]),
        (5, "(H2,000777)", ["attended is not one of Y, N", "outcome is not one of PASS, REFER"]),
    ]


def test_a_capacity_that_is_no_number_is_noted_and_left_blank(world: World) -> None:
    world.drop(HYDRA, both([*SESSIONS, ["H3", date(2025, 10, 20), None, "28 or so"]]))
    world.land("hydra/attendance")
    assert world.state("hydra/attendance", ("capacity",))["H3"] == (None,)
    [batch] = world.batches("hydra/attendance")
    assert batch["notes"]["hydra_session"] == {"unreadable_made_blank": {"capacity": 1}}


def test_plans_land_with_whatever_they_lack(world: World) -> None:
    plans = [
        ["plan_ref", "strand", "title", "owner_role", "version", "approved_date",
         "review_due_date", "evidence_ref"],
        ["P1", "COLLECT", "Collect", "Head of intelligence", 1.2, date(2025, 12, 1),
         date(2026, 12, 1), "EV-1"],
        ["P2", "SHARE"],
    ]  # fmt: skip
    milestones = [["plan_ref", "milestone", "due_date", "completed_date"], ["P1", "Sign-off"]]
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


def test_a_key_can_be_a_whole_page_and_still_tells_records_apart(world: World) -> None:
    page = "to be reached " * 2000
    plans = [[c.name for c in dataset("governance/plans").tables[0].columns], ["P1", "COLLECT"]]
    header = ["plan_ref", "milestone", "due_date", "completed_date"]
    milestones = [header, ["P1", page + "first"], ["P1", page + "second"], ["P1", "third"]]
    content = workbook({"Plans": plans, "Milestones": milestones})
    world.drop("governance/plans/plan_register.xlsx", content)
    report = world.land("governance/plans")
    assert (report.rows_landed, report.rows_rejected) == (4, 0)
    state = world.state("governance/plans", ("milestone",), table="plan_milestone")
    assert {text for (text,) in state.values()} == {page + "first", page + "second", "third"}

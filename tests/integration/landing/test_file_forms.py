"""Landing of several files, and of their names. The file catalogue tests the content of a file."""

from datetime import date, datetime, timedelta

import pytest

from tests.integration.landing.support import (
    PERSONNEL,
    World,
    person,
)

NAME = "hr/personnel/personnel_20260101.csv"
HEADER = PERSONNEL.split(",")
PEOPLE = [
    ["000123", "C1", "OFFICER", "PC", "RESPONSE", "T1", "2020-02-01", "", ""],
    ["004567", "", "STAFF", "Grade F", "CUSTODY", "Café-2", "2021-12-31", "2026-01-10", ""],
    ["999999", "C9", "PCSO", "", "", "T1", "2019-03-04", "", "MATERNITY"],
]
LANDED = {
    "000123": ("C1", "OFFICER", "T1", date(2020, 2, 1), None, None),
    "004567": (None, "STAFF", "Café-2", date(2021, 12, 31), date(2026, 1, 10), None),
    "999999": ("C9", "PCSO", "T1", date(2019, 3, 4), None, "MATERNITY"),
}
COLUMNS = (
    "collar_no",
    "employment_type",
    "org_unit_code",
    "start_date",
    "leave_date",
    "absence_status",
)


def text(rows: list[list[str]] = PEOPLE) -> str:
    return "".join(",".join(row) + "\n" for row in [HEADER, *rows])


def test_a_refused_file_stops_no_other_and_is_refused_once(world: World) -> None:
    world.drop(NAME, "Dear all,\nno extract today, sorry.\n")
    world.personnel("20260102", *[",".join(row) for row in PEOPLE])
    [(file, reason)] = world.land("hr/personnel").refused
    assert file == "personnel_20260101.csv"
    assert world.state("hr/personnel", COLUMNS) == LANDED
    refused = [batch for batch in world.batches("hr/personnel") if batch["status"] == "refused"]
    assert [batch["reason"] for batch in refused] == [
        f"hr/personnel: personnel_20260101.csv: {reason}."
    ]
    assert world.land("hr/personnel").refused == []


def test_a_file_name_with_an_impossible_day_is_refused(world: World) -> None:
    world.drop("hr/personnel/personnel_20260231.csv", text())
    report = world.land("hr/personnel")
    assert report.refused == [("personnel_20260231.csv", "the day in its name does not exist")]
    assert world.land("hr/personnel").refused == []


def test_only_exact_final_names_are_files(world: World) -> None:
    for name in (
        "personnel_20260101.csv.part",
        "personnel_20260101.tmp",
        ".personnel_20260101.csv",
    ):
        world.drop(f"hr/personnel/{name}", text())
    for name in ("Personnel_20260101.csv", "personnel_2026011.csv", "personnel_20260101 (2).csv"):
        world.drop(f"hr/personnel/{name}", text())
    world.drop("hr/personnel/old/personnel_20250101.csv", text())
    report = world.land("hr/personnel")
    assert (report.batches, report.refused) == (0, [])
    assert report.notes == [
        "unknown names: Personnel_20260101.csv, personnel_20260101 (2).csv, personnel_2026011.csv"
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("000777,C7,OFFICER,PC,RESPO", "the row has 5 cells where the header has 9"),
        ('000777,C7,OFFICER,"PC', "the row cannot be read: a quote is not closed"),
        ("000777,C7,OFFICER,PC,RESPONSE,T1,2020-0", "the row has 7 cells where the header has 9"),
    ],
)
def test_a_truncated_last_line_is_one_rejected_row(world: World, line: str, reason: str) -> None:
    world.personnel("20251231", "000123", "004567", "000777")
    world.land("hr/personnel")
    world.drop(NAME, text(PEOPLE) + line)
    assert world.land("hr/personnel").rows_rejected == 1
    assert world.reasons("hr/personnel") == [(4, "000777", [reason])]
    # The truncated row still lists its record, so the record does not count as vanished.
    assert set(world.state("hr/personnel", ())) == {"000123", "004567", "000777", "999999"}


def test_a_stray_quote_does_not_swallow_the_lines_after_it(world: World) -> None:
    lines = [person(f"{n:06d}") for n in range(1, 9)]
    lines[2] = lines[2].replace("PC", '"PC')
    lines[5] = lines[5].replace("PC", '"P"C')
    world.personnel("20260101", *lines)
    world.land("hr/personnel")
    assert [(row, reason) for row, _, [reason] in world.reasons("hr/personnel")] == [
        (3, "the row cannot be read: text follows a closing quote"),
        (6, "the row cannot be read: text follows a closing quote"),
    ]
    assert len(world.state("hr/personnel", ())) == 6


def test_a_table_may_be_empty_until_it_has_a_record(world: World) -> None:
    name, header = (
        "governance/recommendations/recommendation_log.csv",
        "event_at,point_code,party,status,comment\n",
    )
    first = datetime.fromisoformat("2026-01-01T10:00:00+00:00")
    world.drop(name, header, first)
    assert world.land("governance/recommendations").batches == 1
    world.drop(name, header + "2025-06-01 09:30,HYDRA,FORCE,ok,\n", first + timedelta(days=1))
    assert world.land("governance/recommendations").rows_landed == 1
    world.drop(name, header, first + timedelta(days=2))
    assert world.land("governance/recommendations").refused == [
        ("recommendation_log.csv", "it has no rows: a full list is never empty")
    ]


def test_a_large_file_is_read_from_disk_and_lands(world: World) -> None:
    filler = "x" * 2000
    rows = [person(f"{n:06d}").replace("PC", filler) for n in range(1, 9001)]
    world.personnel("20260101", *rows)
    assert world.land("hr/personnel").rows_landed == 9000

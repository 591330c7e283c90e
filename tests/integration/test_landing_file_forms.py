"""Files as they really come: whatever the form, the same people land, or a reason is given."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from oic_assurance.settings import Settings
from tests.integration.landing_support import (
    PERSONNEL,
    World,
    completion,
    person,
    warehouse_of_its_own,
    workbook,
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
    "collar_no", "employment_type", "org_unit_code", "start_date", "leave_date", "absence_status",
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    with warehouse_of_its_own() as settings:
        yield settings


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(warehouse, tmp_path)
    yield world
    world.close()


def text(
    rows: list[list[str]] = PEOPLE,
    header: list[str] = HEADER,
    delimiter: str = ",",
    newline: str = "\n",
) -> str:
    return "".join(delimiter.join(row) + newline for row in [header, *rows])


def dates_as(form: Callable[[date], str]) -> str:
    rows = [list(row) for row in PEOPLE]
    for row in rows:
        for place in (6, 7):
            if row[place]:
                row[place] = form(date.fromisoformat(row[place]))
    return text(rows)


def serial(day: date) -> str:
    return str((day - date(1899, 12, 30)).days)


FORMS: dict[str, str | bytes] = {
    "plain": text(),
    "UTF-8 with a byte-order mark": text().encode("utf-8-sig"),
    "UTF-16 with a byte-order mark": text().encode("utf-16"),
    "UTF-16 little-endian without a mark": text().encode("utf-16-le"),
    "UTF-16 big-endian without a mark": text().encode("utf-16-be"),
    "UTF-16 big-endian with a mark": b"\xfe\xff" + text().encode("utf-16-be"),
    "Windows-1252": text().encode("cp1252"),
    "semicolons": text(delimiter=";"),
    "tabs": text(delimiter="\t"),
    "CRLF": text(newline="\r\n"),
    "old Mac line ends": text(newline="\r"),
    "UTF-16 with tabs and CRLF": text(delimiter="\t", newline="\r\n").encode("utf-16"),
    "no line end at the end": text().rstrip("\n"),
    "everything quoted": text([[f'"{c}"' for c in r] for r in PEOPLE], [f'"{h}"' for h in HEADER]),
    "a title line": "Personnel extract, as at 01/01/2026\n" + text(),
    "a title and a blank line": f"Northamptonshire Police{',' * 8}\n\n" + text(),
    "a title with odd quotes": '"Personnel" extract\n' + text(),
    "a separator line for Excel": "sep=;\n" + text(delimiter=";"),
    "a total line": text() + "Total,3\n",
    "a total line of full width": text() + "Total,,,,,,,,3\n",
    "a total in words": text() + "\nTotal: 3 rows\nEnd of report\n",
    "blank lines between": text().replace("\n", "\n\n"),
    "lines of separators": text() + ",,,,,,,,\n,,,,,,,,\n",
    "header in capitals": text(header=[h.upper() for h in HEADER]),
    "header with blanks": text(header=[h.replace("_", " ").title() for h in HEADER]),
    "header with signs": text(header=[h.replace("_no", " No.") for h in HEADER]),
    "columns in another order": text([r[::-1] for r in PEOPLE], HEADER[::-1]),
    "one column more": text([[*r, "x"] for r in PEOPLE], [*HEADER, "shoe_size"]),
    "a column without a name": text([[*r, ""] for r in PEOPLE], [*HEADER, ""]),
    "trailing blanks": text([[f" {c}  " for c in r] for r in PEOPLE], [f"{h} " for h in HEADER]),
    "no-break spaces": text([[f"{c}\N{NO-BREAK SPACE}" for c in r] for r in PEOPLE]),
    "lost zeros": text([[r[0].lstrip("0"), *r[1:]] for r in PEOPLE]),
    "British dates": dates_as(lambda day: day.strftime("%d/%m/%Y")),
    "short British dates": dates_as(lambda day: f"{day.day}/{day.month}/{day.year}"),
    "dates with a time": dates_as(lambda day: f"{day:%d/%m/%Y} 00:00"),
    "Excel serials": dates_as(serial),
    "a row twice": text([*PEOPLE, PEOPLE[1]]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_file_lands_the_same(world: World, form: str) -> None:
    world.drop(NAME, FORMS[form])
    report = world.land("hr/personnel")
    assert (report.refused, world.reasons("hr/personnel")) == ([], [])
    assert world.state("hr/personnel", COLUMNS) == LANDED
    [batch] = world.batches("hr/personnel")
    assert (batch["row_count"] - (form == "a row twice"), batch["rows_new"]) == (3, 3)


@pytest.mark.parametrize(
    ("form", "note"),
    [
        ("Windows-1252", {"encoding": "cp1252"}),
        ("semicolons", {"delimiter": ";"}),
        ("a title line", {"lines_above_header": 1}),
        ("a total in words", {"total_lines": 2, "blank_lines": 1}),
        ("one column more", {"columns_kept_out": ["shoe_size"]}),
        ("a row twice", {"repeated_rows_collapsed": 1}),
        ("no line end at the end", {"last_line": "without a line end"}),
    ],
)
def test_what_was_coped_with_is_noted(world: World, form: str, note: dict[str, object]) -> None:
    world.drop(NAME, FORMS[form])
    world.land("hr/personnel")
    assert world.batches("hr/personnel")[0]["notes"]["personnel"] == note


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "0 bytes": (b"", "it is empty (0 bytes)"),
    "blank": ("\n\n", "no header row with the columns"),
    "a header only, of a full list": (text([]), "it has no rows: a full list is never empty"),
    "one column fewer": (
        text([r[:-1] for r in PEOPLE], HEADER[:-1]),
        "missing column absence_status",
    ),
    "two columns fewer": (
        text([r[2:] for r in PEOPLE], HEADER[2:]),
        "missing columns employee_no, collar_no",
    ),
    "a column twice": (
        text([[*r, r[0]] for r in PEOPLE], [*HEADER, "Employee No"]),
        "the header names employee_no more than once",
    ),
    "a file of another dataset": (
        f"employee_no,course_code,module_code,module_version,status,completed_at,score\n"
        f"{completion('000123')}\n",
        "it looks like a file of lms/completions",
    ),
    "prose": ("Dear all,\nno extract today, sorry.\n", "no header row with the columns"),
    "a workbook": (workbook({"A": [["x"]]}), "it is a workbook or an archive, not delimited text"),
    "UTF-32": (text().encode("utf-32"), "it is UTF-32, which is not supported"),
    "bytes of no encoding": (
        text().encode() + b"\x81\x8d\xff\xfe",
        "it is readable neither as UTF-8 nor as UTF-16 or Windows-1252",
    ),
    "zero bytes without a pattern": (
        b"\x00\x00\x00" + text().encode(),
        "it holds zero bytes and nothing that tells how it is encoded",
    ),
    "half a UTF-16 character": (
        text().encode("utf-16-le")[:-40] + b"\x00\xd8\x41\x00\x41\x00",
        "it starts as UTF-16 but does not stay readable as that",
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_understood_is_refused_whole_with_a_reason(world: World, form: str) -> None:
    content, reason = REFUSED[form]
    world.drop(NAME, content)
    world.personnel("20260102", *[",".join(row) for row in PEOPLE])
    report = world.land("hr/personnel")
    [(file, said)] = report.refused
    assert file == "personnel_20260101.csv"
    assert said.startswith(reason)
    # The others of the dataset go on, and the refusal is on record.
    assert world.state("hr/personnel", COLUMNS) == LANDED
    refused = [batch for batch in world.batches("hr/personnel") if batch["status"] == "refused"]
    assert [batch["reason"] for batch in refused] == [
        f"hr/personnel: personnel_20260101.csv: {said}."
    ]
    assert refused[0]["kept_as"] is None
    # It is not refused again and again.
    assert world.land("hr/personnel").refused == []


def test_a_day_that_does_not_exist_is_refused_by_its_name(world: World) -> None:
    world.drop("hr/personnel/personnel_20260231.csv", text())
    report = world.land("hr/personnel")
    assert report.refused == [
        ("personnel_20260231.csv", "there is no such day as the one in its name")
    ]
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
    # Somebody whose row was cut off has not vanished.
    assert set(world.state("hr/personnel", ())) == {"000123", "004567", "000777", "999999"}


def test_a_file_cut_inside_a_character_loses_only_that_row(world: World) -> None:
    world.drop(
        NAME, (text() + "000777,C7,OFFICER,PC,Caf\N{LATIN SMALL LETTER E WITH ACUTE}").encode()[:-1]
    )
    assert world.land("hr/personnel").rows_rejected == 1
    assert world.state("hr/personnel", COLUMNS) == LANDED


def test_a_stray_quote_does_not_swallow_the_lines_after_it(world: World) -> None:
    lines = [person(f"{n:06d}") for n in range(1, 9)]
    lines[2] = lines[2].replace("PC", '"PC')
    lines[5] = lines[5].replace("PC", '"P"C')
    world.personnel("20260101", *lines)
    world.land("hr/personnel")
    assert [(row, said) for row, _, [said] in world.reasons("hr/personnel")] == [
        (3, "the row cannot be read: text follows a closing quote"),
        (6, "the row cannot be read: text follows a closing quote"),
    ]
    assert len(world.state("hr/personnel", ())) == 6


def test_quoted_newlines_and_delimiters_are_content(world: World) -> None:
    comment = 'first line\nsecond, "quoted" line'
    quoted = comment.replace('"', '""')
    world.drop(
        "governance/recommendations/recommendation_log.csv",
        "event_at,point_code,party,status,comment\r\n"
        f'2025-06-01 09:30,HYDRA,FORCE,on track,"{quoted}"\r\n'
        "01/07/2025 10:00:30,HYDRA,COMMISSIONER,not assured,\r\n",
    )
    assert world.land("governance/recommendations").rows_rejected == 0
    assert sorted(
        world.state("governance/recommendations", ("status", "comment", "event_at")).values()
    ) == [
        ("not assured", None, datetime.fromisoformat("2025-07-01T09:00:30+00:00")),
        ("on track", comment, datetime.fromisoformat("2025-06-01T08:30:00+00:00")),
    ]


def test_a_nul_character_breaks_its_row_alone(world: World) -> None:
    world.drop(NAME, text() + person("000777").replace("PC", "P\0C") + "\n")
    world.land("hr/personnel")
    assert world.reasons("hr/personnel") == [(4, "000777", ["the row holds a NUL character"])]


def test_a_header_only_file_of_changes_is_a_delivery(world: World) -> None:
    world.completions("20260101")
    assert world.land("lms/completions").batches == 1
    [batch] = world.batches("lms/completions")
    assert (batch["status"], batch["row_count"], batch["rows_new"]) == ("landed", 0, 0)


def test_a_list_may_be_empty_until_it_was_not(world: World) -> None:
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

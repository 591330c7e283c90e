"""A file is rewritten without some rows, and reads as before but for them."""

import hashlib
import io
import zipfile
from datetime import date

import pytest
import xlsxwriter

from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.row_removal import remove_rows
from oic_assurance.sources.files.tabular import read_tables
from tests.integration.landing.support import PERSONNEL, person, workbook

PEOPLE = dataset("hr/personnel")
HYDRA = dataset("hydra/attendance")
QUOTED = '000003,C3,OFFICER,PC,"RESPONSE\r\nTEAM",T1,2020-01-01,,'


def content_of(raw: bytes) -> Content:
    return Content(io.BytesIO(raw), len(raw), hashlib.sha256(raw).hexdigest())


def rewritten(raw: bytes, *places: int) -> bytes:
    with remove_rows(content_of(raw), PEOPLE, {"personnel": places}) as left:
        held = left.stream.read()
        assert (left.size_bytes, left.sha256) == (len(held), hashlib.sha256(held).hexdigest())
        return held


def lines(end: str = "\n", delimiter: str = ",") -> list[str]:
    rows = [PERSONNEL, person("000001"), person("000002"), QUOTED, person("000004")]
    return [row.replace(",", delimiter) + end for row in rows]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize(("end", "delimiter"), [("\n", ","), ("\r\n", ";"), ("\r", "\t")])
@pytest.mark.parametrize("place", [1, 3, 4])
def test_the_lines_of_a_row_go_and_every_other_byte_stays(
    encoding: str, end: str, delimiter: str, place: int
) -> None:
    title = f"Personnel of the é team{end}"
    body = lines(end, delimiter)
    total = f"Total{delimiter}4{end}"
    whole = "".join([title, *body[:2], end, *body[2:], total]).encode(encoding)
    without = [line for number, line in enumerate(body) if number != place]
    blank_at = 1 if place == 1 else 2
    expected = "".join([title, *without[:blank_at], end, *without[blank_at:], total])
    assert rewritten(whole, place) == expected.encode(encoding)


def test_broken_rows_go_too_and_others_keep_their_faults() -> None:
    open_quote = '000007,C7,OFFICER,PC,"R,T1,2020-01-01,,\n'
    short = "000008,C8\n"
    body = [lines()[0], lines()[1], open_quote, short, lines()[2]]
    assert rewritten("".join(body).encode(), 2) == "".join([*body[:2], *body[3:]]).encode()
    assert rewritten("".join(body).encode(), 3) == "".join([*body[:3], *body[4:]]).encode()


def test_a_last_line_that_is_cut_off_stays_or_goes() -> None:
    whole = "".join(lines()[:3]).encode("utf-16") + "000009,C9é".encode("utf-16-le")[:-1]
    assert rewritten(whole, 1).endswith("000009,C9é".encode("utf-16-le")[:-1])
    cut = "".join(lines()[:3]).encode() + "000009,é".encode()[:-1]
    assert rewritten(cut, 3) == "".join(lines()[:3]).encode()


def test_all_rows_of_a_file_can_go() -> None:
    whole = "".join([*lines(), "Total,4\n"]).encode()
    assert rewritten(whole, 1, 2, 3, 4) == f"{PERSONNEL}\nTotal,4\n".encode()


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_a_workbook_reads_as_before_but_for_the_row(options: dict[str, bool]) -> None:
    sheets = {
        "Sessions": [["Sessions of the year"],
                     ["Session Code", "session_date", "venue", "capacity"],
                     ["S1", date(2026, 1, 5), "Hall", 20], [None],
                     ["S2", 46030, " Hall 2", 12.5], ["Total", 2]],
        "Attendance": [["session_code", "employee_no", "attended", "outcome"],
                       ["S1", 17, "Y", "PASS"], ["S1", "000002", "N", None]],
        "Notes": [["about 17"]],
    }  # fmt: skip
    raw = workbook(sheets, **options)
    with remove_rows(content_of(raw), HYDRA, {"hydra_attendance": [1]}) as left:
        found = {one.table.name: list(one.rows) for one in read_tables(left, HYDRA)}
        first = left.sha256
    before = {one.table.name: list(one.rows) for one in read_tables(content_of(raw), HYDRA)}
    assert found["hydra_session"] == before["hydra_session"]
    assert [row[3:] for row in found["hydra_attendance"]] == [["S1", "000002", "N", ""]]
    with remove_rows(content_of(raw), HYDRA, {"hydra_attendance": [1]}) as left:
        assert left.sha256 == first


def test_a_row_goes_from_the_texts_that_a_workbook_shares_and_doubts_about_others_stay() -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sessions, attendance = book.add_worksheet("Sessions"), book.add_worksheet("Attendance")
    further = book.add_worksheet("Further")
    sessions.write_row(0, 0, ["session_code", "session_date", "venue", "capacity"])
    sessions.write_row(1, 0, ["S1", 46030, "Hall", 20])
    attendance.write_row(0, 0, ["session_code", "employee_no", "attended", "outcome"])
    attendance.write_row(1, 0, ["S1", "GONE77", "Y", "PASS"])
    attendance.write_row(2, 0, ["S1", "000002", "N", ""])
    attendance.write_formula(3, 0, '="S"&1', None, "S1")
    attendance.write_row(3, 1, ["000003", "Y", "PASS"])
    attendance.merge_range(4, 0, 5, 0, "S1")
    attendance.write_row(4, 1, ["000004", "Y", "PASS"])
    attendance.write_row(5, 1, ["000005", "Y", "PASS"])
    further.write_row(0, 0, ["GONE77 is written here too"])
    book.close()
    raw = stream.getvalue()
    before = {one.table.name: list(one.rows) for one in read_tables(content_of(raw), HYDRA)}
    with remove_rows(content_of(raw), HYDRA, {"hydra_attendance": [1]}) as left:
        found = {one.table.name: list(one.rows) for one in read_tables(left, HYDRA)}
        left.stream.seek(0)
        with zipfile.ZipFile(left.stream) as parts:
            assert not [name for name in parts.namelist() if b"GONE77" in parts.read(name)]
    kept = [row[1:] for row in before["hydra_attendance"][1:]]
    assert [row[1:] for row in found["hydra_attendance"]] == kept
    assert [row[1] for row in found["hydra_attendance"]].count(None) < len(kept)

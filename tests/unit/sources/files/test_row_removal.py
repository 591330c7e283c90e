"""Rows are removed from delimited text, and every byte of the other rows is kept."""

import hashlib

import pytest

from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.row_removal import remove_rows
from oic_assurance.sources.files.tabular import read_tables
from tests.integration.landing.support import PERSONNEL, person
from tests.unit.sources.files.org_units import content

PEOPLE = dataset("hr/personnel")
QUOTED = '000003,C3,OFFICER,PC,"RESPONSE\r\nTEAM",T1,2020-01-01,,'


def rewritten(raw: bytes, *places: int) -> bytes:
    [reading] = read_tables(content(raw), PEOPLE)
    assert list(reading.rows)
    totals = {"personnel": reading.notes.get("total_lines", 0)}
    with remove_rows(content(raw), PEOPLE, {"personnel": places}, totals) as left:
        data = left.stream.read()
        assert (left.size_bytes, left.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        return data


def lines(end: str = "\n", delimiter: str = ",") -> list[str]:
    rows = [PERSONNEL, person("000001"), person("000002"), QUOTED, person("000004")]
    return [row.replace(",", delimiter) + end for row in rows]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize(("end", "delimiter"), [("\n", ","), ("\r\n", ";"), ("\r", "\t")])
@pytest.mark.parametrize("place", [1, 3, 4])
def test_the_lines_of_a_row_are_removed_and_every_other_byte_stays(
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


def test_broken_rows_can_be_removed_and_others_keep_their_faults() -> None:
    open_quote = '000007,C7,OFFICER,PC,"R,T1,2020-01-01,,\n'
    short = "000008,C8\n"
    body = [lines()[0], lines()[1], open_quote, short, lines()[2]]
    assert rewritten("".join(body).encode(), 2) == "".join([*body[:2], *body[3:]]).encode()
    assert rewritten("".join(body).encode(), 3) == "".join([*body[:3], *body[4:]]).encode()


def test_a_last_line_that_is_cut_off_stays_or_is_removed() -> None:
    whole = "".join(lines()[:3]).encode("utf-16") + "000009,C9é".encode("utf-16-le")[:-1]
    assert rewritten(whole, 1).endswith("000009,C9é".encode("utf-16-le")[:-1])
    cut = "".join(lines()[:3]).encode() + "000009,é".encode()[:-1]
    assert rewritten(cut, 3) == "".join(lines()[:3]).encode()


def test_all_rows_of_a_file_can_be_removed() -> None:
    whole = "".join([*lines(), "Total,4\n"]).encode()
    assert rewritten(whole, 1, 2, 3, 4) == f"{PERSONNEL}\nTotal,4\n".encode()

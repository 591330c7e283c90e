"""The rows that remain of an archived file read as the delivered file did, with its numbers."""

import dataclasses
import gzip
import json
from datetime import date

import pytest

from oic_assurance.batches.archive_reader import ArchivedBatch, UnreadableError
from oic_assurance.batches.archive_writer import Archive
from oic_assurance.batches.normal_form import FORMAT, read_archived, write_remaining
from oic_assurance.errors import DeliveryRefused
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files.rows import Row
from oic_assurance.sources.files.tabular import read_tables
from tests.integration.landing.support import PERSONNEL, person, workbook
from tests.unit.batches.support import content
from tests.unit.batches.test_archive_reader import batch

PEOPLE, HYDRA = dataset("hr/personnel"), dataset("hydra/attendance")
NAME = "personnel_20260101.csv"


def remaining(
    settings: Settings, raw: bytes, declared: Dataset, gone: dict[str, list[int]]
) -> bytes:
    """Return the content that replaces a file when rows are erased from it."""
    with Archive(settings, declared).writer("00000007-x.gz") as writer:
        delivered = read_tables(content(raw), declared)
        write_remaining(writer, declared, NAME, delivered, gone, "hash of the old file")
        writer.finish()
    return gzip.decompress((settings.home / writer.archived_as).read_bytes())


def rows(of: ArchivedBatch, raw: bytes, declared: Dataset) -> dict[str, list[Row]]:
    return {
        one.table.name: [[cell or None for cell in row] for row in one.rows]
        for one in read_archived(of, content(raw), declared)
    }


REPLACED, AS_DELIVERED = batch(is_replaced=True), batch()


def test_the_other_rows_read_as_before(settings: Settings) -> None:
    lines = [
        "Personnel of the é team",
        PERSONNEL,
        person("000001"),
        '000002,C2,OFFICER,PC,"RESPONSE\r\nTEAM, ""B""",T1,2020-01-01,,',
        '000003,C3,OFFICER,PC,"R,T1,2020-01-01,,',
        "000004,C4",
        person("000005", "T\x005"),
        "Total,5",
    ]
    raw = "\n".join(lines).encode("utf-16")
    before = rows(AS_DELIVERED, raw, PEOPLE)["personnel"]
    left = remaining(settings, raw, PEOPLE, {"personnel": [1, 4]})
    assert rows(REPLACED, left, PEOPLE) == {"personnel": [before[n] for n in (1, 2, 4)]}
    assert b"000001" not in left
    assert "team" not in left.decode()
    again = remaining(settings, raw, PEOPLE, {"personnel": [1, 4]})
    assert again == left, "the same rows give the same bytes"


def test_the_file_says_what_it_replaces(settings: Settings) -> None:
    raw = f"{PERSONNEL}\n{person('000001')}\n".encode()
    left = remaining(settings, raw, PEOPLE, {"personnel": [1]})
    assert json.loads(left) == {
        "format": FORMAT,
        "dataset": "hr/personnel",
        "place": NAME,
        "replaced_by_an_erasure": "hash of the old file",
        "table": "personnel",
        "columns": list(PEOPLE.tables[0].names),
    }
    assert rows(REPLACED, left, PEOPLE) == {"personnel": []}


def test_a_workbook_becomes_the_rows_of_its_declared_sheets(settings: Settings) -> None:
    raw = workbook({
        "Sessions": [["session_code", "session_date", "venue", "capacity"],
                     ["S1", date(2026, 1, 5), "Hall", 20], ["S2", 46030, " Hall 2", 12.5]],
        "Attendance": [["session_code", "employee_no", "attended", "outcome"],
                       ["S1", "GONE77", "Y", "PASS"], ["S1", "000002", "N", None]],
        "Notes": [["GONE77 is written here too"]],
    })  # fmt: skip
    before = rows(AS_DELIVERED, raw, HYDRA)
    left = remaining(settings, raw, HYDRA, {"hydra_attendance": [1]})
    assert b"GONE77" not in left
    found = rows(REPLACED, left, HYDRA)
    assert found["hydra_session"] == before["hydra_session"]
    assert found["hydra_attendance"] == before["hydra_attendance"][1:]


def test_the_declaration_may_change_after_the_erasure(settings: Settings) -> None:
    [table] = PEOPLE.tables
    fewer = dataclasses.replace(table, columns=table.columns[:-2])
    raw = f"{PERSONNEL}\n{person('000001')}\n{person('000002')}\n".encode()
    left = remaining(settings, raw, PEOPLE, {"personnel": [1]})
    [row] = rows(REPLACED, left, dataclasses.replace(PEOPLE, tables=(fewer,)))["personnel"]
    assert (row[0], row[3], len(row)) == (2, "000002", 3 + len(fewer.columns))
    older = left.replace(b'"rank_grade"', b'"grade"')
    [row] = rows(REPLACED, older, PEOPLE)["personnel"]
    assert (row[3], row[3 + table.names.index("rank_grade")]) == ("000002", None)


def test_rows_that_were_cut_out_by_an_earlier_version_are_skipped() -> None:
    raw = f"{PERSONNEL}\n{person('000002')}\n{person('000004')}\n".encode()
    cut = batch(gaps={"personnel": [1, 3]})
    assert [row[0] for row in rows(cut, raw, PEOPLE)["personnel"]] == [2, 4]


def test_the_log_decides_whether_a_file_is_in_the_normal_form(settings: Settings) -> None:
    raw = f"{PERSONNEL}\n{person('000001')}\n".encode()
    with pytest.raises(UnreadableError, match="`assurance erase finish` completes"):
        read_archived(REPLACED, content(raw), PEOPLE)
    looks_like_it = remaining(settings, raw, PEOPLE, {})
    with pytest.raises(DeliveryRefused):
        read_archived(AS_DELIVERED, content(looks_like_it), PEOPLE)

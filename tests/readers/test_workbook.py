"""Other programs read the workbook."""

import json
from pathlib import Path

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from oic_assurance.reporting.workbook.description import sheets
from tests.end_to_end.terminal import PROJECT, Terminal

pytestmark = pytest.mark.slow

SHEETS = sheets(PROJECT)


@pytest.fixture(scope="module")
def made(force: Terminal) -> Path:
    done = force.does("pack", "workbook", "--json")
    return Path(json.loads(done.stdout)["workbook"]["file"])


def test_the_workbook_of_an_earlier_publication_stays_what_it_is(force: Terminal) -> None:
    with psycopg.connect(force.url("bi")) as reader:
        [(number,)] = reader.execute("select min(publication_id) from marts.publication").fetchall()
    done = force.does("pack", "workbook", "--publication", str(number), "--json")
    answer = json.loads(done.stdout)["workbook"]
    book = CalamineWorkbook.from_path(answer["file"])
    for name in book.sheet_names:
        stamp = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[1][0]
        assert stamp.startswith(f"Publication {number}, ")


def test_the_rules_of_the_open_xml_sdk_hold(made: Path) -> None:
    from openxml_audit import OpenXmlValidator

    result = OpenXmlValidator().validate(str(made))
    assert [str(error) for error in result.errors] == []


def test_openpyxl_finds_every_table(made: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(made)
    assert [sheet.title for sheet in book] == ["About", *(one.name for one in SHEETS)]
    for one in SHEETS:
        assert [*book[one.name].tables] == [one.table]

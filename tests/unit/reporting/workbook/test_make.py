"""The workbook's sheets have their stamp, their tables and texts that stay texts."""

import io
import re
import shutil
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.workbook.description import FOLDER, queries, sheets
from tests.workbooks import ROOT, SHEETS, book, made_up, parts

TEXTS = queries(ROOT, SHEETS)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def test_the_same_data_give_the_same_bytes() -> None:
    assert book(made_up()) == book(made_up())


def test_every_sheet_has_the_publication_in_a_cell_and_in_the_print_header() -> None:
    content = book(made_up())
    stamp = "Publication 7, as at 21 Apr 2026 05:30, checks: Some text"
    reader = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for name in reader.sheet_names:
        assert reader.get_sheet_by_name(name).to_python(skip_empty_area=False)[1][0] == stamp
    found = parts(content)
    for number in range(1, len(reader.sheet_names) + 1):
        sheet = found[f"xl/worksheets/sheet{number}.xml"]
        [header] = sheet.iter(f"{MAIN}oddHeader")
        assert stamp in str(header.text)
        assert not [*sheet.iter(f"{MAIN}mergeCell")]


def test_the_head_of_every_table_stays_in_view_and_every_chart_has_a_text() -> None:
    found = parts(book(made_up()))
    for number in range(2, len(SHEETS) + 2):
        [pane] = found[f"xl/worksheets/sheet{number}.xml"].iter(f"{MAIN}pane")
        assert pane.get("state") == "frozen"
    texts = [
        one.get("descr")
        for path, content in found.items()
        if path.startswith("xl/drawings/drawing")
        for one in content.iter()
        if one.tag.endswith("cNvPr")
    ]
    assert sorted(map(str, texts)) == sorted(sheet.chart.alt for sheet in SHEETS if sheet.chart)


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    found = parts(book(made_up()))
    formulas = [
        str(one.text)
        for path, content in found.items()
        if path.startswith("xl/worksheets/sheet")
        for one in content.iter(f"{MAIN}f")
    ]
    assert formulas == []


def test_no_query_reads_an_officer_or_the_reference_of_a_record() -> None:
    for text in TEXTS.values():
        for word in ("officer", "_ref", "report_urn", "record"):
            assert word not in re.sub(r"--.*", "", text), text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("query: sources", "query: sauces", "sauces has no .*sauces.sql"),
        ("Reason: long", "Reason: wide", "'Sources': there is no kind wide"),
        ("categories: Month", "categories: Moon", "'NCCU by month': there is no column Moon"),
    ],
)
def test_a_wrong_description_is_an_error_that_names_it(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    path = tmp_path / FOLDER / "workbook.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AssuranceError, match=message):
        queries(tmp_path, sheets(tmp_path))

"""The workbook's parts fit together, and its pivot tables add up the rows of its tables."""

import io
import posixpath
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.workbook.description import FOLDER, SHOWN, Sheet, queries, sheets
from oic_assurance.reporting.workbook.make import SOURCE
from oic_assurance.reporting.workbook.pivots import TOP, compute
from tests.workbooks import ROOT, SHEETS, book, made_up, parts

TEXTS = queries(ROOT, SHEETS)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PIVOTS = [sheet for sheet in SHEETS if sheet.pivot]


def test_every_link_of_a_part_leads_to_a_part_with_a_content_type() -> None:
    found = parts(book(made_up(), TEXTS))
    types = {one.get("PartName") for one in found["[Content_Types].xml"]}
    links = 0
    for path, content in found.items():
        if not path.endswith(".rels"):
            continue
        folder = posixpath.dirname(posixpath.dirname(path))
        identities = [link.attrib["Id"] for link in content]
        assert len(set(identities)) == len(identities)
        for link in content:
            target = link.attrib["Target"]
            place = posixpath.normpath(posixpath.join("/", folder, target))
            assert place.removeprefix("/") in found, (path, target)
            assert place in types, place
            links += 1
    assert links > 40


def test_the_same_data_give_the_same_bytes() -> None:
    assert book(made_up(), TEXTS) == book(made_up(), TEXTS)


@pytest.mark.parametrize("sheet", PIVOTS, ids=lambda sheet: sheet.name)
def test_the_cells_of_a_pivot_table_are_the_sums_of_its_table(sheet: Sheet) -> None:
    rows, pivot = made_up(), sheet.pivot
    assert pivot is not None
    cells = CalamineWorkbook.from_filelike(io.BytesIO(book(rows))).get_sheet_by_name(sheet.name)
    lines = cells.to_python(skip_empty_area=False)[TOP:]
    chosen = [
        row
        for row in rows[pivot.table]
        if pivot.filter is None or row[pivot.filter[0]] == pivot.filter[1]
    ]
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for row in chosen:
        for title, field in pivot.values.items():
            across = row[pivot.columns] if pivot.columns else title
            for name in (row[pivot.rows], "Grand Total"):
                sums[name, across] += row[field]
                if pivot.columns:
                    sums[name, "Grand Total"] += row[field]
    head = lines[1] if pivot.columns else lines[0]
    body = lines[2:] if pivot.columns else lines[1:]
    shares = 0
    for line in body:
        for title, cell in zip(head[1:], line[1:], strict=True):
            if pivot.share and title == pivot.share[0]:
                met, of = (sums[line[0], value] for value in pivot.values)
                assert cell == (pytest.approx(met / of) if of else "")
                shares += 1
            else:
                assert (cell or 0) == sums[line[0], title]
    assert {line[0] for line in body} == {name for name, _ in sums}
    assert bool(shares) == bool(pivot.share)


def test_a_pivot_table_reads_the_table_by_its_name_so_that_it_follows_a_refresh() -> None:
    found = parts(book(made_up(), TEXTS))
    for number, sheet in enumerate(PIVOTS, start=1):
        cache = found[f"xl/pivotCache/pivotCacheDefinition{number}.xml"]
        assert sheet.pivot is not None
        [source] = cache.iter(f"{MAIN}worksheetSource")
        assert source.attrib == {"name": sheet.pivot.table}
        assert cache.get("refreshOnLoad") == "1"
        records = found[f"xl/pivotCache/pivotCacheRecords{number}.xml"]
        assert len(records) == 30


def test_a_filter_without_its_value_chooses_the_first() -> None:
    [sheet] = [one for one in PIVOTS if one.name == "Training by district"]
    rows = [row for row in made_up()["training"] if row["Item"] != "Hydra"]
    assert sheet.pivot is not None
    assert compute(sheet.pivot, rows).chosen == "E-learning module 1"


def test_a_workbook_without_rows_says_so_and_has_no_pivot_table() -> None:
    rows = made_up(0)
    found = parts(book(rows, TEXTS))
    assert not any("pivotTable" in path for path in found)
    text = CalamineWorkbook.from_filelike(io.BytesIO(book(rows)))
    assert "There is nothing to show." in text.get_sheet_by_name(PIVOTS[0].name).to_python()[4]


def test_every_sheet_has_the_publication_in_a_cell_and_in_the_print_header() -> None:
    content = book(made_up(), TEXTS)
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
    found = parts(book(made_up(), TEXTS))
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
    found = parts(book(made_up(), TEXTS))
    formulas = [
        str(one.text)
        for path, content in found.items()
        if path.startswith("xl/worksheets/sheet")
        for one in content.iter(f"{MAIN}f")
    ]
    assert formulas
    assert not [one for one in formulas if "1+1" in one]


def test_excel_refreshes_each_table_with_its_query_and_without_a_password() -> None:
    found = parts(book(made_up(), TEXTS))
    connections = [*found["xl/connections.xml"]]
    assert len(connections) == len(TEXTS)
    for connection in connections:
        [properties] = connection
        assert properties.get("connection") == SOURCE
        assert connection.get("savePassword") is None
    assert {one[0].get("command") for one in connections} == {*TEXTS.values()}
    assert "PWD" not in SOURCE.upper()
    results = {
        str(one.get("name")): str(one.text).replace("$", "")
        for one in found["xl/workbook.xml"].iter(f"{MAIN}definedName")
        if one.get("hidden")
    }
    for number, name in enumerate((SHOWN, *(one.table for one in SHEETS if one.table)), start=1):
        table = found[f"xl/tables/table{number}.xml"]
        assert (table.get("name"), table.get("tableType")) == (name, "queryTable")
        query = found[f"xl/queryTables/queryTable{number}.xml"]
        assert query.get("connectionId") == str(number)
        assert results[str(query.get("name"))].endswith(str(table.get("ref")))
        fields = [one.get("name") for one in query.iter(f"{MAIN}queryTableField")]
        columns = [one.get("name") for one in table.iter(f"{MAIN}tableColumn")]
        assert fields == columns
        assert connections[number - 1][0].get("command") == TEXTS[str(name)]


def test_a_workbook_of_an_earlier_publication_has_no_query_that_would_replace_it() -> None:
    found = parts(book(made_up()))
    assert "xl/connections.xml" not in found
    assert not any("queryTable" in path for path in found)


def test_no_query_reads_an_officer_or_the_reference_of_a_record() -> None:
    for text in TEXTS.values():
        for word in ("officer", "_ref", "report_urn", "record"):
            assert word not in text, text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rows: Kind", "rows: Sort", "'Exceptions by age': there is no column Sort"),
        ("table: training", "table: trains", "'Training by district': there is no table trains"),
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

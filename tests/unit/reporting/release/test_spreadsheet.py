"""The spreadsheet meets the Analysis Function's checklist, as far as a program can check it."""

import io
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.release.spreadsheet import spreadsheet
from oic_assurance.reporting.release.tables import Table, file_tables
from oic_assurance.reporting.release.wording import prose
from tests.unit.reporting.release.content import release_content

CONTENT = release_content()
MEANINGS = labels("marker")
SHEETS = [
    "Cover", "Contents", "Notes", "Points", "Periods", "Quarters and years", "Withheld",
    "Revisions", "Codes",
]  # fmt: skip
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def book_of(content: ReleaseContent) -> bytes:
    return spreadsheet(file_tables(content), content, prose(content))


@pytest.fixture(scope="module")
def book() -> bytes:
    return book_of(CONTENT)


def sheets(content: bytes) -> dict[str, ElementTree.Element]:
    """Return the XML of each sheet of a workbook, keyed by the sheet's name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        index = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [sheet.attrib["name"] for sheet in index.iter(f"{_MAIN}sheet")]
        return {
            name: ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            for number, name in enumerate(names, start=1)
        }


def tables(content: bytes) -> list[ElementTree.Element]:
    """Return the XML of each table that is marked up as one."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/tables/"))
        return [ElementTree.fromstring(archive.read(name)) for name in names]


def cells(content: bytes, sheet: str) -> list[list[object]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [list(row) for row in book.get_sheet_by_name(sheet).to_python()]


def test_it_has_a_cover_contents_notes_and_a_sheet_for_each_table(book: bytes) -> None:
    assert list(sheets(book)) == SHEETS
    linked = {row[0] for row in cells(book, "Contents")[3:]}
    assert linked == set(SHEETS[3:])


def test_each_sheet_but_the_cover_has_one_table_that_is_marked_up(book: bytes) -> None:
    for name, xml in sheets(book).items():
        parts = [part.attrib["count"] for part in xml.iter(f"{_MAIN}tableParts")]
        assert parts == ([] if name == "Cover" else ["1"]), name


def test_each_table_has_a_name_of_its_own_and_one_header_row(book: bytes) -> None:
    found = tables(book)
    names = [table.attrib["displayName"] for table in found]
    assert len(set(names)) == len(names) == len(SHEETS) - 1
    assert {"assurance_position", "assurance_period", "notes_table", "codes"} <= set(names)
    for table in found:
        assert table.attrib.get("headerRowCount", "1") == "1"
        heads = [column.attrib["name"] for column in table.iter(f"{_MAIN}tableColumn")]
        assert all(heads)
        assert len(set(heads)) == len(heads)


def test_nothing_is_merged_hidden_filtered_or_frozen(book: bytes) -> None:
    for name, xml in sheets(book).items():
        for part in ("mergeCell", "pane"):
            assert next(xml.iter(f"{_MAIN}{part}"), None) is None, (name, part)
        for part in ("row", "col"):
            assert not [one for one in xml.iter(f"{_MAIN}{part}") if one.get("hidden")], name
    assert not [one for table in tables(book) for one in table.iter(f"{_MAIN}autoFilter")]
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        index = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        assert not [one for one in index.iter(f"{_MAIN}sheet") if one.get("state")]
        assert not [name for name in archive.namelist() if "media" in name or "drawing" in name]


def test_the_title_is_in_a1_and_no_row_of_a_table_has_a_blank_cell(book: bytes) -> None:
    for name in SHEETS:
        rows = cells(book, name)
        assert rows[0][0], name
        if name == "Cover":
            assert all(row[0] for row in rows)
            continue
        first = next(place for place, row in enumerate(rows) if all(cell != "" for cell in row))
        assert all(row[0] != "" and set(row[1:]) <= {""} for row in rows[:first]), name
        assert all(cell != "" for row in rows[first:] for cell in row), name


def test_a_sheet_explains_its_markers_above_its_table_and_no_others(book: bytes) -> None:
    for name in SHEETS[3:-1]:
        rows = cells(book, name)
        used = {cell for row in rows for cell in row if cell in MEANINGS}
        explained = {str(row[0])[:3] for row in rows if str(row[0])[:3] in MEANINGS
                     and row[0] not in MEANINGS}  # fmt: skip
        assert explained == used, name
    assert {"[c]", "[z]"} <= {cell for row in cells(book, "Points") for cell in row}


def test_each_table_of_figures_names_its_source(book: bytes) -> None:
    for name in SHEETS[3:-1]:
        assert any(str(row[0]).startswith("Source: ") for row in cells(book, name)), name


def test_every_value_fits_its_column(book: bytes) -> None:
    """A spreadsheet program shows ### for a day or a number that is wider than its column."""
    xml = sheets(book)["Periods"]
    widths = [
        float(column.attrib["width"])
        for column in xml.iter(f"{_MAIN}col")
        for _ in range(int(column.attrib["min"]), int(column.attrib["max"]) + 1)
    ]
    head = next(row for row in cells(book, "Periods") if row[0] == "Police force")
    for heading, longest in (
        ("From", "30 September 2026"),
        ("Number", "1,000,000"),
        ("Unit", "ALL"),
    ):
        assert widths[head.index(heading)] >= len(longest)


def test_every_note_that_a_heading_names_is_there(book: bytes) -> None:
    numbers = {int(float(str(row[0]))) for row in cells(book, "Notes")[3:]}
    named = {
        int(str(cell).rpartition("[note ")[2].rstrip("]"))
        for name in SHEETS[3:]
        for row in cells(book, name)
        for cell in row
        if "[note " in str(cell)
    }
    assert named == {1, 2, 3, 4, 5, 6}
    assert numbers == set(range(1, len(numbers) + 1))
    assert named < numbers


def test_every_code_is_explained(book: bytes) -> None:
    codes = {row[1] for row in cells(book, "Codes")}
    for table in file_tables(CONTENT):
        for row in table.rows:
            for name in ("point_code", "measure_code", "org_unit_code", "status", "source_status"):
                assert name not in row or row[name] in codes


def test_the_numbers_are_those_of_the_csv_files(book: bytes) -> None:
    by_name: dict[str, Table] = {table.name: table for table in file_tables(CONTENT)}
    rows = [row for row in cells(book, "Periods") if row[0] == "Example"]
    expected = by_name["assurance_period"].rows
    assert [(row[7], row[8], row[9]) for row in rows] == [
        (row["numerator"], row["denominator"], row["value"]) for row in expected
    ]
    assert [row[4] for row in rows] == [row["period_start"] for row in expected]


def with_units(**names: str) -> ReleaseContent:
    """Return content with a figure of each unit, and the names of the units."""
    one = CONTENT.tables["assurance_period"][0]
    rows = [one, *({**one, "org_unit_code": unit} for unit in names)]
    return replace(
        release_content(districts=names), tables={**CONTENT.tables, "assurance_period": rows}
    )


def test_no_text_becomes_a_formula_a_link_or_a_note() -> None:
    book = book_of(with_units(D1="=1+1", D2="[a](http://example.invalid)", D3="$$a$$"))
    for name, xml in sheets(book).items():
        assert next(xml.iter(f"{_MAIN}f"), None) is None
        links = len(list(xml.iter(f"{_MAIN}hyperlink")))
        assert links == (len(SHEETS) - 3 if name == "Contents" else 0)
    texts = {row[6] for row in cells(book, "Periods") if len(row) > 6}
    assert {"=1+1", "[a] (http://example.invalid)", "$ $a$ $"} <= texts


def test_a_name_without_letters_does_not_stop_a_release() -> None:
    assert "name Ŵ" in {row[6] for row in cells(book_of(with_units(D9="Ŵ")), "Periods")}


def test_the_sheets_have_words_and_no_codes(book: bytes) -> None:
    codes = {str(row[1]) for row in cells(book, "Codes")[3:]} - {"shown"}
    for name in SHEETS[3:-1]:
        found = {cell for row in cells(book, name)[3:] for cell in row}
        assert not codes & found, name


def test_a_table_without_figures_says_so() -> None:
    content = replace(
        CONTENT, tables={**CONTENT.tables, "assurance_period": [], "assurance_measure": []}
    )
    rows = cells(book_of(content), "Periods")
    assert "The table has no figures in this release." in str(rows[1][0])
    assert set(rows[-1]) == {"[x]"}


def test_the_file_has_no_trace_of_the_time_at_which_it_was_written(book: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2026-05-01T09:15:30Z") == 2

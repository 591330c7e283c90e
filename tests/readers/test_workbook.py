"""Other programs read the workbook: LibreOffice computes its pivots, ODBC runs its queries."""

import io
import json
import re
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from python_calamine import CalamineWorkbook

from oic_assurance.reporting.workbook.description import SHOWN, SHOWN_COLUMNS, queries, sheets
from oic_assurance.reporting.workbook.pivots import TOP
from oic_assurance.reporting.workbook.sheets import HEAD
from tests.end_to_end.terminal import PROJECT, Terminal

pytestmark = pytest.mark.slow

SHEETS = sheets(PROJECT)
TEXTS = queries(PROJECT, SHEETS)
PIVOTS = [(number, one) for number, one in enumerate(SHEETS, start=2) if one.pivot]


@pytest.fixture(scope="module")
def made(force: Terminal) -> Path:
    done = force.does("pack", "workbook", "--json")
    return Path(json.loads(done.stdout)["workbook"]["file"])


def without_results(made: Path) -> bytes:
    """Return the workbook without the cells of its pivot tables."""
    file = io.BytesIO()
    with zipfile.ZipFile(made) as given, zipfile.ZipFile(file, "w") as bare:
        for name in given.namelist():
            content = given.read(name)
            if name in {f"xl/worksheets/sheet{number}.xml" for number, _ in PIVOTS}:
                text = content.decode("utf-8")
                rows = re.findall(r'<row r="(\d+)".*?</row>', text)
                assert int(rows[-1]) > TOP
                content = re.sub(
                    r'<row r="(\d+)".*?</row>',
                    lambda row: "" if int(row[1]) > TOP else row[0],
                    text,
                ).encode("utf-8")
            bare.writestr(name, content)
    return file.getvalue()


def test_libreoffice_computes_the_pivot_tables_from_the_tables_of_the_workbook(
    made: Path, force: Terminal, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.xlsx"
    bare.write_bytes(without_results(made))
    # The profile of the program is in the test's folder, so that it can run beside another.
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out")]
    subprocess.run([*command, str(bare)], check=True, capture_output=True, timeout=180)
    book = CalamineWorkbook.from_path(tmp_path / "out" / "bare.xlsx")
    with psycopg.connect(force.url("bi")) as reader:
        for _, sheet in PIVOTS:
            pivot = sheet.pivot
            assert pivot is not None
            sums = ", ".join(f'sum("{field}")' for field in pivot.values.values())
            across = f', "{pivot.columns}"' if pivot.columns else ""
            where = f"where \"{pivot.filter[0]}\" = '{pivot.filter[1]}'" if pivot.filter else ""
            query = (
                f'select "{pivot.rows}"{across}, {sums} from ({TEXTS[pivot.table]}) as rows '
                f'{where} group by "{pivot.rows}"{across}'
            )
            wanted = {tuple(map(value, row)) for row in reader.execute(query.encode())}
            lines = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)[TOP:]
            assert wanted
            assert found(lines, across=bool(across), values=len(pivot.values)) == wanted


def value(given: Any) -> Any:
    return given if isinstance(given, str) else float(given)


def found(lines: list[list[Any]], *, across: bool, values: int) -> set[tuple[Any, ...]]:
    """Return the cells of a pivot table, without its totals, as the rows of the query."""
    head, body = (lines[1], lines[2:-1]) if across else (lines[0], lines[1:-1])
    if not across:
        return {tuple(line[: values + 1]) for line in body}
    titles = head[1:-1]
    return {
        (line[0], title, cell)
        for line in body
        for title, cell in zip(titles, line[1:-1], strict=True)
        if cell != ""
    }


def test_the_workbook_of_an_earlier_publication_stays_what_it_is(force: Terminal) -> None:
    with psycopg.connect(force.url("bi")) as reader:
        [(number,)] = reader.execute("select min(publication_id) from marts.publication").fetchall()
    done = force.does("pack", "workbook", "--publication", str(number), "--json")
    answer = json.loads(done.stdout)["workbook"]
    assert answer["can_be_refreshed"] is False
    with zipfile.ZipFile(answer["file"]) as file:
        assert "xl/connections.xml" not in file.namelist()
    book = CalamineWorkbook.from_path(answer["file"])
    for name in book.sheet_names:
        stamp = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[1][0]
        assert stamp.startswith(f"Publication {number}, ")


def test_the_rules_of_the_open_xml_sdk_hold(made: Path) -> None:
    from openxml_audit import OpenXmlValidator

    result = OpenXmlValidator().validate(str(made))
    assert [str(error) for error in result.errors] == []


def test_openpyxl_finds_every_table_and_every_pivot_table(made: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(made)
    assert [sheet.title for sheet in book] == ["About", *(one.name for one in SHEETS)]
    for one in SHEETS:
        sheet = book[one.name]
        assert [*sheet.tables] == ([one.table] if one.table else [])
        names = [pivot.cache.cacheSource.worksheetSource.name for pivot in sheet._pivots]
        assert names == ([one.pivot.table] if one.pivot else [])


def test_the_query_of_each_table_gives_its_columns_and_rows_over_odbc(
    made: Path, force: Terminal
) -> None:
    import pyodbc

    parts = conninfo_to_dict(force.url("bi"))
    connection = pyodbc.connect(
        f"Driver={{PostgreSQL Unicode}};Server={parts['host']};Port={parts['port']};"
        f"Database={parts['dbname']};Uid={parts['user']};Pwd={parts['password']};SSLmode=disable"
    )
    with zipfile.ZipFile(made) as file:
        text = file.read("xl/connections.xml").decode("utf-8")
    assert len(re.findall("<connection ", text)) == len(TEXTS)
    book = CalamineWorkbook.from_path(made)
    columns = {SHOWN: SHOWN_COLUMNS} | {one.table: one.columns for one in SHEETS if one.table}
    places = {SHOWN: "About"} | {one.table: one.name for one in SHEETS if one.table}
    for name, query in TEXTS.items():
        cursor = connection.cursor().execute(query)
        assert [column[0] for column in cursor.description] == [*columns[name]]
        rows = [[*map(comparable, row)] for row in cursor.fetchall()]
        lines = book.get_sheet_by_name(places[name]).to_python(skip_empty_area=False)
        lines = [line[: len(columns[name])] for line in lines[HEAD + 1 :]][: len(rows)]
        assert [[*map(comparable, line)] for line in lines] == rows
    connection.close()


def comparable(given: Any) -> Any:
    """Return a value without what differs between a workbook and a driver."""
    if given is None or isinstance(given, str):
        return given or ""
    if isinstance(given, date):
        return str(given)[:10]
    return round(float(given), 6)

"""The files of a release contain what other programs and people must be able to read."""

import base64
import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from oic_assurance.publishing.release_tables import RELEASE_TABLES
from oic_assurance.reporting.release.folder import sums_file
from oic_assurance.reporting.release.make import release_files
from oic_assurance.reporting.release.publisher import ENTRIES
from oic_assurance.reporting.release.values import MEANINGS
from tests.unit.reporting.release.content import AWKWARD, PUBLISHER, release_content

CONTENT = release_content()
NOTHING_SET = dict.fromkeys(PUBLISHER)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return release_files(CONTENT)


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> str:
    return files["index.html"].decode("utf-8")


def test_every_kind_of_file_is_there(files: dict[str, bytes]) -> None:
    tables = [table.name for table in RELEASE_TABLES]
    assert set(files) == {
        *(f"{name}.csv" for name in tables),
        *(f"{name}.csv-metadata.json" for name in tables),
        "assurance-figures.xlsx", "dataset.jsonld", "index.html",
    }  # fmt: skip


def test_the_same_content_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    assert release_files(release_content()) == files


def test_a_table_follows_rfc_4180(files: dict[str, bytes]) -> None:
    for table in RELEASE_TABLES:
        raw = files[f"{table.name}.csv"]
        assert not raw.startswith(b"\xef\xbb\xbf")
        assert raw.endswith(b"\r\n")
        assert raw.count(b"\n") == raw.count(b"\r\n")
        head, *rows = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True)
        assert tuple(head) == table.names
        assert len(rows) == len(CONTENT.tables[table.name])
        assert {len(row) for row in rows} == {len(head)}
        assert "" not in {cell for row in rows for cell in row}


def test_awkward_texts_survive_the_csv_file() -> None:
    rows = [{**row, "org_unit_code": AWKWARD} for row in CONTENT.tables["assurance_measure"]]
    content = replace(CONTENT, tables={**CONTENT.tables, "assurance_measure": rows})
    text = release_files(content)["assurance_measure.csv"].decode("utf-8")
    read = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [row["org_unit_code"] for row in read] == [AWKWARD, AWKWARD]


# The names that the CSVW vocabulary allows, as far as the metadata of a release use them:
# https://www.w3.org/TR/tabular-metadata/
_OF_TABLE = {"@context", "url", "dialect", "tableSchema"}
_OF_COLUMN = {"name", "titles", "datatype", "required", "null"}
_DATATYPES = {
    "string", "nonNegativeInteger", "integer", "double", "date", "dateTime", "boolean"
}  # fmt: skip


def test_the_metadata_follow_the_csvw_vocabulary(files: dict[str, bytes]) -> None:
    for table in RELEASE_TABLES:
        described = json.loads(files[f"{table.name}.csv-metadata.json"])
        assert described["@context"] == ["http://www.w3.org/ns/csvw", {"@language": "en"}]
        assert described["url"] == f"{table.name}.csv"
        assert not {key for key in described if not key.startswith("dc:")} - _OF_TABLE
        schema = described["tableSchema"]
        assert schema["primaryKey"] == list(table.key)
        assert [column["name"] for column in schema["columns"]] == list(table.names)
        for column in schema["columns"]:
            assert not {key for key in column if not key.startswith("dc:")} - _OF_COLUMN
            assert re.fullmatch(r"[a-z][a-z0-9_]*", column["name"])
            assert column["titles"]["en"][0] == column["name"]
            datatype = column["datatype"]
            base = datatype if isinstance(datatype, str) else datatype["base"]
            assert base in _DATATYPES


def test_every_cell_has_the_type_that_the_metadata_say(files: dict[str, bytes]) -> None:
    for table in RELEASE_TABLES:
        columns = json.loads(files[f"{table.name}.csv-metadata.json"])["tableSchema"]["columns"]
        text = files[f"{table.name}.csv"].decode("utf-8")
        for row in csv.DictReader(io.StringIO(text, newline="")):
            for column in columns:
                check_cell(row[column["name"]], column)


_FORMS = {
    "string": r".+",
    "nonNegativeInteger": r"[0-9]+",
    "integer": r"-?[0-9]+",
    "double": r"[0-9]+\.[0-9]+(e-[0-9]+)?",
    "date": r"\d{4}-\d\d-\d\d",
    "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
    "boolean": r"true|false",
}


def check_cell(value: str, column: dict[str, Any]) -> None:
    if value in column.get("null", []):
        assert not column["required"]
        return
    assert value not in MEANINGS
    datatype = column["datatype"]
    base = datatype if isinstance(datatype, str) else datatype["base"]
    assert re.fullmatch(_FORMS[base], value), (column["name"], value)


def test_a_withheld_figure_and_one_that_cannot_be_have_different_marks(
    files: dict[str, bytes],
) -> None:
    text = files["assurance_position.csv"].decode("utf-8")
    rows = {row["point_code"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert [rows["ELEARNING"][name] for name in ("numerator", "denominator", "value")] == 3 * [
        "[c]"
    ]
    assert rows["NCCU_INTEL"]["deadline"] == "[z]"


def test_the_dataset_names_its_files_with_their_hashes(files: dict[str, bytes]) -> None:
    described = json.loads(files["dataset.jsonld"])
    assert (described["@context"], described["@type"]) == ("https://schema.org/", "Dataset")
    for name in ("name", "description", "license", "publisher", "datePublished", "identifier"):
        assert described[name]
    assert described["temporalCoverage"] == "2025-01-01/2025-10-31"
    for part in described["distribution"]:
        content = files[part["contentUrl"]]
        assert part["sha256"] == hashlib.sha256(content).hexdigest()
        assert part["contentSize"] == f"{len(content)} B"
    assert len(described["distribution"]) == len(RELEASE_TABLES) + 1


def test_a_licence_is_not_invented() -> None:
    files = release_files(release_content(publisher=NOTHING_SET))
    described = json.loads(files["dataset.jsonld"])
    assert "license" not in described
    assert "publisher" not in described


def sheets(content: bytes) -> dict[str, ElementTree.Element]:
    """Return the XML of each sheet of a workbook, keyed by the sheet's name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [sheet.attrib["name"] for sheet in book.iter(f"{_MAIN}sheet")]
        return {
            name: ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            for number, name in enumerate(names, start=1)
        }


def test_the_spreadsheet_is_accessible(files: dict[str, bytes]) -> None:
    """These are the rules of the Government Analysis Function that a program can check."""
    content = files["assurance-figures.xlsx"]
    found = sheets(content)
    assert list(found) == [
        "Cover", "Contents", "Notes", "Points", "Periods", "Months and districts", "Codes",
        "Revisions",
    ]  # fmt: skip
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for name, xml in found.items():
        assert next(xml.iter(f"{_MAIN}mergeCell"), None) is None
        tables = [part.attrib["count"] for part in xml.iter(f"{_MAIN}tableParts")]
        assert tables == ([] if name == "Cover" else ["1"])
        assert xml.find(f".//{_MAIN}row[@hidden]") is None
        rows = book.get_sheet_by_name(name).to_python()
        assert rows[0][0], f"{name}: A1 must have the title"
        body = rows if name == "Cover" else rows[2:]
        width = max(len([cell for cell in row if cell != ""]) for row in body)
        for row in body:
            assert len([cell for cell in row if cell != ""]) == width, f"{name}: a blank cell"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/tables/")]
        named = {ElementTree.fromstring(archive.read(name)).attrib["displayName"] for name in names}
        assert len(names) == len(named) == len(found) - 1
        assert {table.name for table in RELEASE_TABLES} <= named
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_no_text_in_the_spreadsheet_is_a_formula() -> None:
    districts = {"D1": "=1+1"}
    content = release_files(release_content(districts=districts))["assurance-figures.xlsx"]
    for xml in sheets(content).values():
        assert next(xml.iter(f"{_MAIN}f"), None) is None


def test_the_spreadsheet_explains_every_code_and_mark(files: dict[str, bytes]) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(files["assurance-figures.xlsx"]))
    codes = {row[1] for row in book.get_sheet_by_name("Codes").to_python()[3:]}
    for table in RELEASE_TABLES:
        for row in CONTENT.tables[table.name]:
            for name in ("point_code", "measure_code", "org_unit_code", "status", "source_status"):
                assert name not in row or row[name] in codes
    notes = {row[0] for row in book.get_sheet_by_name("Notes").to_python()[3:]}
    assert set(MEANINGS) <= notes


class Reader(HTMLParser):
    """Collects tags with their attributes, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    read = Reader(page)
    (policy,) = [
        str(one["content"])
        for one in read.all("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    assert f"style-src 'sha256-{digest}'" in policy
    assert not [tag for tag, _ in read.tags if tag in {"script", "iframe", "object", "form"}]
    assert not [one for _, one in read.tags if "style" in one or any(k[:2] == "on" for k in one)]
    sources = [str(one[k]) for _, one in read.tags for k in ("src", "href") if one.get(k)]
    local = {"SHA256SUMS", *release_files(CONTENT)}
    assert not [one for one in sources if not one.startswith(("#", "data:")) and one not in local]


def test_the_page_can_be_read_by_everybody(page: str) -> None:
    read = Reader(page)
    assert read.all("html") == [{"lang": "en-GB"}]
    assert len(read.all("h1")) == len(read.all("main")) == 1
    ids = [str(one["id"]) for _, one in read.tags if one.get("id")]
    assert len(ids) == len(set(ids))
    labelled = [str(one["aria-labelledby"]) for _, one in read.tags if one.get("aria-labelledby")]
    assert set(labelled) <= set(ids)
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(one.get("scope") in {"col", "row"} for one in read.all("th"))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_says_who_how_how_well_and_what_comes_next(page: str) -> None:
    text = " ".join(" ".join(Reader(page).text).split())
    for words in (
        *(str(value) for name, value in PUBLISHER.items() if name != "next_release"),
        "Next release 1 August 2026",
        "A number is shown only if it is 0, or at least 5",
        "Not all sources were up to date for: E-learning",
        "15 of 22",
        "Withheld: the numbers are too small to publish",
    ):
        assert words in text
    assert "NOT SET" not in text


def test_what_is_not_set_is_said_loudly() -> None:
    page = release_files(release_content(publisher=NOTHING_SET))["index.html"].decode("utf-8")
    text = " ".join(Reader(page).text)
    assert text.count("NOT SET") >= len(ENTRIES)
    for words in ENTRIES.values():
        assert words in text


def test_the_list_of_files_is_what_sha256sum_reads() -> None:
    files = {"b.csv": b"two", "a.csv": b"one"}
    assert sums_file(files).decode("utf-8").splitlines() == [
        f"{hashlib.sha256(b'one').hexdigest()}  a.csv",
        f"{hashlib.sha256(b'two').hexdigest()}  b.csv",
    ]

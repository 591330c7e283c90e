"""The CSV files of a release follow the tabular data standard, and the validator accepts them."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.release.csv_files import csv_file, csv_name, metadata_file
from oic_assurance.reporting.release.tables import Column, Table, file_tables
from oic_assurance.reporting.release.values import SHOWN, as_text, interval
from oic_assurance.reporting.release.wording import prose
from tests.oracle.stats import wilson
from tests.unit.reporting.release.content import AWKWARD, release_content

CONTENT = release_content()
DAY = "2026-05-01"
METADATA = "csv-metadata.json"
MEANINGS = labels("marker")


def csv_files_of(content: ReleaseContent) -> dict[str, bytes]:
    """Return the CSV files of a release with their metadata, and no other files."""
    tables = file_tables(content)
    files = {csv_name(table.name, content): csv_file(table) for table in tables}
    return {**files, METADATA: metadata_file(tables, content, prose(content))}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return csv_files_of(CONTENT)


def read(files: Mapping[str, bytes], table: str) -> list[dict[str, str]]:
    text = files[f"{table}_{DAY}.csv"].decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def problems(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Return what the validator of the package csvw finds in a release's files."""
    from csvw import CSVW

    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        validated = CSVW(str(folder / METADATA), validate=True)
        is_valid = validated.is_valid
    except (ValueError, KeyError) as error:
        return [str(error)]
    found = [str(one.message) for one in validated.warnings]
    assert is_valid == (not found)
    return found


def test_a_table_follows_rfc_4180(files: dict[str, bytes]) -> None:
    for table in file_tables(CONTENT):
        raw = files[f"{table.name}_{DAY}.csv"]
        assert not raw.startswith(b"\xef\xbb\xbf")
        assert raw.endswith(b"\r\n")
        assert raw.count(b"\n") == raw.count(b"\r\n")
        head, *rows = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True)
        assert tuple(head) == table.names
        assert len(rows) == len(table.rows)
        assert {len(row) for row in rows} <= {len(head)}


def test_a_blank_cell_has_a_marker_that_says_why(files: dict[str, bytes]) -> None:
    blanks = 0
    for table in file_tables(CONTENT):
        for row in read(files, table.name):
            for column in table.columns:
                if column.kind == "marker":
                    assert row[column.name] in {SHOWN, *MEANINGS}
                elif row[column.name] == "":
                    blanks += 1
                    assert row[column.marker] in {"[c]", "[x]", "[z]"}
                else:
                    assert not column.marker or row[column.marker] in {SHOWN, "[r]"}
                    assert row[column.name] not in MEANINGS
    assert blanks > 5


def test_each_cause_of_a_missing_value_has_its_own_marker() -> None:
    empty = {**CONTENT.tables["assurance_period"][0], "numerator": 0, "denominator": 0,
             "value": None}  # fmt: skip
    files = csv_files_of(with_rows(assurance_period=[empty]))
    position = {row["point_code"]: row for row in read(files, "assurance_position")}
    assert position["ELEARNING"]["figure_marker"] == "[c]"
    assert position["NCCU_INTEL"]["deadline_marker"] == "[z]"
    assert position["HYDRA"]["status_at_deadline_marker"] == "[x]"
    # Strands are a checklist, so their share has no interval.
    assert position["INTEL_PLAN"]["value_marker"] == SHOWN
    assert position["INTEL_PLAN"]["interval_marker"] == "[z]"
    seconds = [position[code]["second_marker"] for code in ("NCCU_INTEL", "INTEL_PLAN", "HYDRA")]
    assert seconds == [SHOWN, "[z]", "[c]"]
    # Of nothing, there is no share.
    nothing = read(files, "assurance_period")[1]
    assert (nothing["numerator"], nothing["figure_marker"]) == ("0", "[r]")
    assert (nothing["value"], nothing["value_marker"]) == ("", "[z]")


def with_rows(**tables: list[dict[str, Any]]) -> ReleaseContent:
    return replace(CONTENT, tables={**CONTENT.tables, **tables})


def test_a_revised_figure_is_marked_and_listed(files: dict[str, bytes]) -> None:
    (revision,) = read(files, "assurance_revision")
    assert (revision["numerator_before"], revision["denominator_before"]) == ("15", "20")
    assert (revision["numerator"], revision["denominator"]) == ("21", "31")
    assert (revision["release_before"], revision["revision_type"]) == ("1", "planned")
    assert revision["released_before_on"] == "2026-02-01"
    marked = [row for row in read(files, "assurance_period") if row["figure_marker"] == "[r]"]
    assert [(row["measure_code"], row["period_start"], row["numerator"]) for row in marked] == [
        (revision["measure_code"], revision["period_start"], revision["numerator"])
    ]


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 5), (5, 5), (34, 54), (1184, 2000)])
def test_an_interval_is_that_of_the_oracle(numerator: int, denominator: int) -> None:
    assert interval(numerator, denominator) == pytest.approx(wilson(numerator, denominator))


def test_awkward_texts_survive_in_one_line(tmp_path: Path) -> None:
    units = {row["org_unit_code"]: row["title"] for row in read(csv_files_of(CONTENT), "code_unit")}
    assert units["D1"] == " ".join(AWKWARD.split())
    assert problems(csv_files_of(CONTENT), tmp_path) == []


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
SIGNS = st.sampled_from([*FORMULAS, "\n", " ", "|", "'", ""])


@given(st.lists(SIGNS, max_size=4), st.text(max_size=8))
def test_no_cell_begins_like_a_formula(signs: list[str], rest: str) -> None:
    """A spreadsheet program would run such a cell, so it gets an apostrophe. Its text stays."""
    name = "".join(signs) + rest
    column = Column("title", "Name", "text", "A name.")
    file = csv_file(Table("names", "", "", ("title",), (column,), [{"title": name}]))
    line = " ".join(name.split())
    (_, row) = csv.reader(io.StringIO(file.decode("utf-8"), newline=""), strict=True)
    for cell in row:
        assert not cell.startswith(FORMULAS)
        assert cell.splitlines() in ([], [cell])
        assert cell in (line, f"'{line}")


def test_no_cell_of_a_release_begins_like_a_formula(files: dict[str, bytes]) -> None:
    named = csv_files_of(release_content(districts={"D1": '=HYPERLINK("x")'}))
    assert {row["title"] for row in read(named, "code_unit")} > {'\'=HYPERLINK("x")'}
    for file in {**files, **named}.values():
        rows = csv.reader(io.StringIO(file.decode("utf-8"), newline=""))
        assert not [cell for row in rows for cell in row if cell.startswith(FORMULAS)]


@given(st.integers(max_value=-1) | st.floats(max_value=-1e-300))
def test_a_number_below_0_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="below 0"):
        as_text(number)


def test_the_validator_accepts_the_files(files: dict[str, bytes], tmp_path: Path) -> None:
    assert problems(files, tmp_path) == []


def test_the_validator_accepts_a_release_without_any_figure(tmp_path: Path) -> None:
    empty = with_rows(assurance_period=[], assurance_measure=[])
    content = replace(empty, notes={**CONTENT.notes, "revisions": []})
    assert problems(csv_files_of(content), tmp_path) == []


def changed(table: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        name = table if table == METADATA else f"{table}_{DAY}.csv"
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return change


def repeated(files: dict[str, bytes]) -> None:
    name = f"assurance_period_{DAY}.csv"
    files[name] += files[name].splitlines(keepends=True)[1]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (changed("assurance_period", ",21,31,", ",many,31,"), "many"),
        (changed("assurance_period", ",21,31,", ",-21,31,"), "-21"),
        (changed("assurance_period", "2025-01-31", "31/01/2025"), "31/01/2025"),
        (changed("assurance_period", ",[r],", ",[q],"), "[q]"),
        (changed("assurance_period", ",0.67741", ",1.67741"), "must be <= 1.0"),
        (changed("assurance_period", "E23000022", ""), "required"),
        (repeated, "duplicate primary key"),
        (changed("assurance_period", "nccu_intel_compliance", "unknown"), "not found in table"),
        (changed("code_unit", "ALL,", "NONE,"), "not found in table"),
        (changed("assurance_revision", ",2025-01-01,", ",2024-01-01,"), "not found in table"),
        (changed(METADATA, '"nonNegativeInteger"', '"numberish"'), "numberish"),
        (changed(METADATA, '"primaryKey": [', '"primaryKey": ["nobody", '), "nobody"),
        (changed(METADATA, "http://www.w3.org/ns/csvw", "http://example.invalid"), "@context"),
    ],
)
def test_the_validator_tells_of_damage(
    files: dict[str, bytes],
    tmp_path: Path,
    damage: Callable[[dict[str, bytes]], None],
    words: str,
) -> None:
    damaged = dict(files)
    damage(damaged)
    found = problems(damaged, tmp_path)
    assert found
    assert words in " ".join(found)


def test_the_metadata_say_who_publishes_on_what_terms_and_what_each_column_means(
    files: dict[str, bytes],
) -> None:
    described = json.loads(files[METADATA])
    assert described["dc:publisher"] == "Example Constabulary"
    assert described["dc:license"] == {"@id": "https://example.invalid/licence"}
    assert described["dc:issued"]["@value"] == DAY
    assert {table["url"] for table in described["tables"]} == {
        name for name in files if name.endswith(".csv")
    }
    for table in described["tables"]:
        schema = table["tableSchema"]
        assert table["dc:title"]
        assert schema["primaryKey"]
        for column in schema["columns"]:
            assert column["titles"]["en"][0] == column["name"]
            assert column["dc:description"]

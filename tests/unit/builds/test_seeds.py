"""Each mistake in a seed is told with its file, line, column and what is allowed, all at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from oic_assurance.builds.seeds import SeedsError, read_seeds
from oic_assurance.builds.version import SEEDS
from oic_assurance.settings import PROJECT_ROOT

FILE = "dbt_project/seeds/herons.csv"
YAML = """
seeds:
  - name: herons
    data_tests:
      - unique_together:
          arguments:
            columns: [code, effective_from]
    config:
      column_types:
        code: text
        pond: text
        fed: boolean
        eggs: integer
        weight: double precision
        dataset: text
        ring: text
        counted_from: date
        counted_to: date
        effective_from: date
        effective_to: date
    columns:
      - name: code
        data_tests:
          - accepted_values:
              arguments:
                values: [GREY, PURPLE]
      - name: pond
        data_tests:
          - relationships:
              arguments:
                to: ref('ponds')
                field: pond
      - name: weight
        config: {meta: {at_least: 0, share_if: {code: [PURPLE]}}}
      - name: dataset
        config: {meta: {declared: dataset}}
      - name: ring
        config: {meta: {may_be_blank: true, declared: hr/personnel.employment_type}}
      - name: counted_from
        config: {meta: {may_be_blank: true, first_of_month: true}}
      - name: counted_to
        config: {meta: {may_be_blank: true, not_before: counted_from}}
  - name: ponds
    data_tests:
      - unique_together:
          arguments:
            columns: [pond]
    config:
      column_types:
        pond: text
"""
HEADER = (
    "code,pond,fed,eggs,weight,dataset,ring,counted_from,counted_to,effective_from,effective_to"
)
GOOD = {
    "code": "GREY", "pond": "North", "fed": "true", "eggs": "3", "weight": "1.5",
    "dataset": "hr/personnel", "ring": "", "counted_from": "", "counted_to": "",
    "effective_from": "2020-01-01", "effective_to": "",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / SEEDS
    folder.mkdir(parents=True)
    (folder / "_seeds.yml").write_text(YAML, encoding="utf-8")
    (folder / "ponds.csv").write_text("pond\nNorth\nSouth\n", encoding="utf-8")
    return folder


def line(**changes: str) -> str:
    return ",".join((GOOD | changes).values())


def mistakes(folder: Path, content: str | bytes) -> list[str]:
    """Return the mistakes in the file `herons.csv` with this content, without the file's name."""
    content = content if isinstance(content, bytes) else content.encode()
    (folder / "herons.csv").write_bytes(content)
    try:
        read_seeds(folder.parents[1])
    except SeedsError as error:
        first, *lines = error.message.splitlines()
        found = lines or [first.removeprefix("The policy cannot be used: ")]
        assert all(one.strip().startswith(FILE) and one.endswith(".") for one in found)
        return [one.strip().removeprefix(f"{FILE}, ").removesuffix(".") for one in found]
    return []


def test_the_seeds_of_the_project_have_no_mistake() -> None:
    assert read_seeds(PROJECT_ROOT)
    assert read_seeds(PROJECT_ROOT, "national")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf"])
def test_values_have_types_whatever_program_saved_the_file(
    folder: Path, newline: str, begin: bytes
) -> None:
    (folder / "herons.csv").write_bytes(begin + newline.join([HEADER, line()]).encode())
    assert read_seeds(folder.parents[1])["herons"].rows == [
        {
            "code": "GREY", "pond": "North", "fed": True, "eggs": 3, "weight": Decimal("1.5"),
            "dataset": "hr/personnel", "ring": None, "counted_from": None, "counted_to": None,
            "effective_from": date(2020, 1, 1), "effective_to": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"effective_from": "2026-13-01"}, "column effective_from: '2026-13-01' does not exist; "
         "allowed: a day such as 2026-03-01"),
        ({"effective_from": "01/02/2026"}, "column effective_from: '01/02/2026' is not allowed; "
         "allowed: a day such as 2026-03-01"),
        ({"effective_to": "2019-12-31"}, "column effective_to: 2019-12-31 is before "
         "effective_from, which is 2020-01-01; allowed: a day from 2020-01-01 on"),
        ({"counted_from": "2026-01-02"}, "column counted_from: '2026-01-02' is not the first of a "
         "month; allowed: the first day of a month, such as 2026-03-01, or blank"),
        ({"counted_from": "2026-02-01", "counted_to": "2026-01-31"}, "column counted_to: "
         "2026-01-31 is before counted_from, which is 2026-02-01; allowed: a day from 2026-02-01 "
         "on"),
        ({"weight": "2x4"}, "column weight: '2x4' is not allowed; allowed: a number such as 24 or "
         "0.95, at least 0"),
        ({"weight": '"0,95"'}, "column weight: '0,95' is not allowed; allowed: a number such as "
         "24 or 0.95, at least 0"),
        ({"weight": "NaN"}, "column weight: 'NaN' is not allowed; allowed: a number such as 24 or "
         "0.95, at least 0"),
        ({"weight": "-1"}, "column weight: '-1' is not allowed; allowed: a number such as 24 or "
         "0.95, at least 0"),
        ({"code": "PURPLE", "weight": "95"}, "column weight: '95' is not allowed; allowed: a share "
         "from 0 to 1, such as 0.95"),
        ({"eggs": "3.5"}, "column eggs: '3.5' is not allowed; allowed: a whole number"),
        ({"fed": "yes"}, "column fed: 'yes' is not allowed; allowed: true or false"),
        ({"code": "GRAY"}, "column code: 'GRAY' is not allowed; allowed: GREY, PURPLE"),
        ({"code": "GREY "}, "column code: 'GREY ' has blanks around it; allowed: GREY, PURPLE"),
        ({"ring": " "}, "column ring: ' ' has blanks around it; allowed: a text in one line, or "
         "blank"),
        ({"code": ""}, "column code: the cell is blank; allowed: GREY, PURPLE"),
        ({"code": "null"}, "column code: 'null' would be read as blank; allowed: GREY, PURPLE"),
        ({"pond": '"No\nrth"'}, "column pond: 'No\\nrth' is not allowed; allowed: a text in one "
         "line"),
        ({"pond": "East"}, "column pond: 'East' is unknown; allowed: North, South (pond of "
         "ponds)"),
        ({"ring": "CAPTAIN"}, "column ring: 'CAPTAIN' is unknown; allowed: OFFICER, STAFF, "
         "SPECIAL, PCSO (hr/personnel.employment_type)"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_told(folder: Path, changes: dict[str, str], said: str) -> None:
    found = mistakes(folder, f"{HEADER}\n{line(code='PURPLE', weight='1')}\n{line(**changes)}\n")
    assert found == [f"line 3, {said}"]


def test_an_undeclared_dataset_is_told_with_those_that_are_declared(folder: Path) -> None:
    (told,) = mistakes(folder, f"{HEADER}\n{line(dataset='hr/heron')}\n")
    assert told.startswith("line 2, column dataset: 'hr/heron' is unknown; allowed: ")
    assert "hr/personnel" in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight", "wieght", ["line 1, column weight: the column is missing",
                              "line 1, column wieght: the seed has no such column"]),
        ("weight,", "", ["line 1, column weight: the column is missing",
                         "line 2: the line has 11 cells"]),
        ("weight", "code", ["line 1, column code: the header has this column twice",
                            "line 1, column weight: the column is missing"]),
        ("weight", "weight,size", ["line 1, column size: the seed has no such column",
                                   "line 2: the line has 11 cells"]),
    ],
)  # fmt: skip
def test_a_wrong_header_is_told(folder: Path, old: str, new: str, said: list[str]) -> None:
    found = mistakes(folder, f"{HEADER.replace(old, new, 1)}\n{line()}\n")
    assert [one.partition(";")[0] for one in found] == said
    assert found[0].endswith(f"; allowed: {HEADER.replace(',', ', ')}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: there is no header"),
        (f"{HEADER}\n{line()},\n", "line 2: the line has 12 cells"),
        (f"{HEADER}\n{line()}\n\n", "line 3: the line has no value"),
        (f"{HEADER}\n{line()}\n,,,,,,,,,,\n", "line 3: the line has no value"),
        (f'{HEADER}\n"{line()}\n', "line 2: the line cannot be read (unexpected end of data)"),
        (f"{HEADER}\n{line(pond='Nörth')}\n".encode("latin-1"),
         "line 2: a character is not in UTF-8"),
        (f"{HEADER}\n".encode("utf-16"), "line 1: a character is not in UTF-8"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_told(folder: Path, content: str | bytes, said: str) -> None:
    assert [one.partition(";")[0] for one in mistakes(folder, content)] == [said]


def test_a_missing_file_and_a_seed_without_yaml_are_told(folder: Path) -> None:
    (folder / "swans.csv").write_text("code\nA\n", encoding="utf-8")
    with pytest.raises(SeedsError) as told:
        read_seeds(folder.parents[1])
    assert "herons.csv, line 1: the file cannot be read (No such file" in told.value.message
    assert "swans.csv, line 1: no YAML beside the seeds has its" in told.value.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("at_least: 0", "atleast: 0", r"herons\.csv: its YAML has a mistake \(.*'atleast'"),
        ("not_before: counted_from", "not_before: begun", r"mistake \(there is no column begun\)"),
        ("boolean", "bool", r"herons\.csv: its YAML has a mistake \(the type bool is unknown"),
        ("fed: boolean", "fed boolean", r"_seeds\.yml, line 13: not YAML"),
    ],
)
def test_a_mistake_in_the_yaml_is_told(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "_seeds.yml").write_text(YAML.replace(old, new), encoding="utf-8")
    with pytest.raises(SeedsError, match=said):
        read_seeds(folder.parents[1])


def test_lines_are_counted_after_a_cell_with_a_line_break(folder: Path) -> None:
    broken = line(pond='"No\nrth"')
    rows = f"{broken}\n{line(eggs='x', effective_from='2021-01-01')}\n"
    found = mistakes(folder, f"{HEADER}\n{rows}")
    assert [one.partition(":")[0] for one in found][-1] == "line 4, column eggs"


def test_two_rows_for_one_day_are_told_and_rows_that_follow_each_other_are_not(
    folder: Path,
) -> None:
    first = line(effective_to="2020-12-31")
    assert mistakes(folder, f"{HEADER}\n{line(effective_from='2021-01-01')}\n{first}\n") == []
    assert mistakes(folder, f"{HEADER}\n{first}\n{line(effective_from='2020-12-31')}\n") == [
        "line 3, column effective_from: line 2 applies on 2020-12-31 too, for GREY; allowed: one "
        "row for a day"
    ]


def test_a_key_without_days_is_there_once(folder: Path) -> None:
    (folder / "herons.csv").write_text(f"{HEADER}\n{line()}\n", encoding="utf-8")
    (folder / "ponds.csv").write_text("pond\nNorth\nNorth\n", encoding="utf-8")
    with pytest.raises(SeedsError, match=r"ponds\.csv, line 3, column pond: line 2 has North too"):
        read_seeds(folder.parents[1])


def test_all_mistakes_of_all_seeds_are_told_at_once_and_a_correction_is_read(folder: Path) -> None:
    (folder / "ponds.csv").write_text("pond\nNorth \n", encoding="utf-8")
    found = f"{HEADER}\n{line(fed='x', eggs='y')}\n"
    (folder / "herons.csv").write_text(found, encoding="utf-8")
    with pytest.raises(SeedsError) as told:
        read_seeds(folder.parents[1])
    first, *lines = told.value.message.splitlines()
    assert first == "The policy cannot be used: there are 4 mistakes in seeds."
    assert [one.partition(":")[0].rpartition("/")[2] for one in lines] == [
        "herons.csv, line 2, column eggs",
        "herons.csv, line 2, column fed",
        "herons.csv, line 2, column pond",
        "ponds.csv, line 2, column pond",
    ]
    (folder / "ponds.csv").write_text("pond\nNorth\n", encoding="utf-8")
    assert mistakes(folder, f"{HEADER}\n{line()}\n") == []

"""Mistakes in declarations: each is one line that names file, line and what is wrong."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.sources.declarations.load import DeclarationError, datasets, load_folders, parse
from oic_assurance.sources.declarations.patterns import why_not

BUILT_IN = resources.files("oic_assurance.sources").joinpath("declarations")

FILE = """\
dataset: safeguarding/referral
description: Referrals to a safeguarding hub.
kind: file
place: {folder: safeguarding/referral, file: referral_YYYYMMDD.csv, format: csv}
delivery: full
classification: law_enforcement
owner: Public protection
retention: {years: 6, basis: Reviewed after six years}
tables:
  - name: referral
    description: One referral.
    key: [referral_ref]
    columns:
      referral_ref: {type: text, required: true, description: The referral.}
      kind: {type: text, codes: [ADULT, CHILD], description: Whom it is about.}
      made_at: {type: timestamptz, description: When it was made.}
      persons: {type: integer, description: How many it is about.}
      closed_on: {type: date, required_when: {kind: [CHILD]}, description: When it was closed.}
"""
DATABASE = """\
dataset: safeguarding/visit
description: Visits that were made.
kind: database
place: {system: rms, schema: rms, table: visit}
delivery: changes
cursor: updated_at
classification: law_enforcement
owner: Public protection
retention: {years: 6, basis: Reviewed after six years}
tables:
  - name: visit
    description: One visit.
    key: [visit_id]
    columns:
      visit_id: {type: bigint, required: true, description: The visit.}
      outcome: {type: text, description: What came of it.}
      updated_at: {type: timestamptz, required: true, description: When it was last changed.}
"""
NAMES = {FILE: "safeguarding_referral.yml", DATABASE: "safeguarding_visit.yml"}
LONG = "a" * 51


def refusal(text: str, file: str) -> str:
    with pytest.raises(DeclarationError) as caught:
        parse(text, file)
    return caught.value.message


@pytest.mark.parametrize("text", [FILE, DATABASE])
def test_what_the_mistakes_are_made_in_is_sound(text: str) -> None:
    assert parse(text, NAMES[text]).tables


MISTAKES = [
    # What YAML would swallow.
    (FILE, "delivery: full", "delivery: full\ndelivery: changes", 6,
     "delivery is said twice, first in line 5"),
    (FILE, "      persons:", "      kind: {type: text, description: Again.}\n      persons:", 17,
     "kind is said twice, first in line 15"),
    (FILE, "{type: integer,", "{type: integer, type: text,", 17, "type is said twice"),
    (FILE, "      persons:", "      on:", 17, "YAML does not read the name on as a text: quote it"),
    (FILE, "One referral.", "2026-13-45", 11, "YAML reads 2026-13-45 as a day: quote it"),
    (FILE, "Public", "\0Public", 7, "characters are not allowed"),
    # Names that nothing has.
    (FILE, "{type: integer,", "{type: integer, requird: true,", 17,
     "tables.0.columns.persons: 'requird' was unexpected: choose of type, description"),
    (FILE, "owner:", "owned_by: Somebody\nowner:", 7, "'owned_by' was unexpected: choose of"),
    (FILE, "format: csv}", "format: csv, sheet: A}", 4, "'sheet' was unexpected"),
    (FILE, "years: 6", "year: 6", 8, "'year' was unexpected: choose of years, basis"),
    (FILE, "      kind:", "      Kind:", 15, "'Kind' does not match"),
    # Values of another type.
    (FILE, "[ADULT, CHILD]", "[YES, CHILD]", 15, "True is no text: quote it"),
    (FILE, "[ADULT, CHILD]", "[1, CHILD]", 15, "1 is no text: quote it"),
    (FILE, "years: 6", "years: six", 8, "'six' is not of type 'integer'"),
    (FILE, "required: true", "required: always", 14, "'always' is not of type 'boolean'"),
    (FILE, "key: [referral_ref]", "key: referral_ref", 12, "is not of type 'array'"),
    (FILE, "{type: integer,", "{type: money,", 17, "'money' is not one of"),
    # Names that are needed or too long.
    (FILE, "      persons:", "      ctid:", 17, "no column can be called ctid"),
    (FILE, "      persons:", "      fault:", 17, "no column can be called fault"),
    (FILE, "      persons:", "      is_tombstone:", 17, "a column that landing adds itself"),
    (FILE, "      made_at:", f"      {LONG}:", 16, "longer than the 63 signs of a name"),
    (FILE, "      persons:", f"      {LONG}a:", 17, "does not match"),
    (FILE, "  - name: referral", f"  - name: {LONG}a", 10, "does not match"),
    (FILE, "      persons: {type: integer,", "      made_at_text: {type: text,", 16,
     "landing adds made_at_text, which is declared too"),
    # Keys.
    (FILE, "key: [referral_ref]", "key: [referral_ref, kind]", 15,
     "kind is part of the key: say `required: true`, or `required: false` if a record"),
    (FILE, "required: true, description: The referral",
     "required: false, when_unreadable: blank, description: The referral", 14,
     "referral_ref is part of the key, so it cannot be left blank"),
    (DATABASE, "{type: bigint, required: true,", "{type: bigint, required: false,", 15,
     "visit_id is the key, so it must be required"),
    # Rules that do not fit.
    (FILE, "kind: [CHILD]", "kind: [CHILD, INFANT]", 18, "INFANT is no code of kind"),
    (FILE, "kind: [CHILD]", "persons: ['1']", 18, "goes by another column that is a text"),
    (FILE, "kind: [CHILD]", "colour: [RED]", 18, "required_when names colour, which is not"),
    (FILE, "{type: date, ", "{type: date, required: true, ", 18,
     "is required in every row already"),
    (FILE, "[ADULT, CHILD]", "['ADULT ', CHILD]", 15, "a code of kind has blanks around it"),
    (FILE, "[ADULT, CHILD]", "[ADULT, CHILD], pattern: 'A(B'", 15, "the pattern of kind is none"),
    (FILE, "{type: integer,", "{type: integer, required: true, when_unreadable: blank,", 17,
     "persons is required, so it cannot be left blank"),
    (FILE, "[ADULT, CHILD]", "[ADULT, CHILD], refers_to: person.id", 15,
     "kind refers to person.id, which is not declared here"),
    (FILE, "{type: integer,", "{type: integer, refers_to: referral.kind,", 17,
     "persons is integer but referral.kind is not"),
    (DATABASE, "outcome: {type: text,", "outcome: {type: text, digits: 6,", 16,
     "outcome is from a database, which loses no zeros"),
    (DATABASE, "outcome: {type: text,", "outcome: {type: text, when_unreadable: blank,", 16,
     "outcome is from a database, where all can be read"),
    (DATABASE, "updated_at: {type: timestamptz, required: true,", "updated_at: {type: timestamptz,",
     6, "a row without updated_at would never be read"),
    (DATABASE, "table: visit}", "table: visit, door: {column: visit_id, admits: [OFFICIAL]}}", 4,
     "a marking is a text, and visit_id is not"),
    # Places.
    (FILE, "YYYYMMDD.csv, format: csv", "YYYYMMDD.csv, format: xlsx", 4, "ends with .xlsx"),
    (FILE, "referral_YYYYMMDD.csv", "referral_YYYYMMDD.part", 4, "they are not finished"),
    # dbt reads the descriptions, and runs what it takes for its own.
    (FILE, "description: How many it is about.", "description: 'About {{ n }}.'", 17,
     "dbt would run them"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "old", "new", "line", "words"), MISTAKES, ids=[m[4][:50] for m in MISTAKES]
)
def test_a_mistake_names_its_line(text: str, old: str, new: str, line: int, words: str) -> None:
    assert old in text
    said = refusal(text.replace(old, new, 1), NAMES[text])
    assert said.startswith(f"{NAMES[text]}, line {line}: ")
    assert words in said


@pytest.mark.parametrize("text", ["", "# only a remark\n"])
def test_an_empty_declaration_says_nothing(text: str) -> None:
    assert refusal(text, "a_b.yml") == "a_b.yml, line 1: it says nothing."


def test_two_tables_of_a_workbook_are_on_two_sheets() -> None:
    text = BUILT_IN.joinpath("hydra_attendance.yml").read_text(encoding="utf-8")
    said = refusal(text.replace("sheet: Attendance", "sheet: Sessions"), "hydra_attendance.yml")
    assert "two tables are on the sheet Sessions" in said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / NAMES[FILE]).write_text(FILE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({}, 10, "the raw table referral is safeguarding/referral's already"),
        ({"name: referral": "name: referral_version"}, 10,
         "referral_version needs the name referral_version, which safeguarding/referral has taken"),
        ({"name: referral": "name: other", "referral/folder": ""}, 4,
         "what it reads is read by safeguarding/referral already"),
        ({"name: referral": "name: other", "referral_YYYYMMDD": "referral_20260304"}, 4,
         "what it reads is read by safeguarding/referral already"),
    ],
)  # fmt: skip
def test_what_is_another_dataset_s_cannot_be_claimed(
    folder: Path, changes: dict[str, str], line: int, words: str
) -> None:
    text = FILE.replace("dataset: safeguarding/referral", "dataset: safeguarding/second")
    if "name: referral" not in changes or "version" in changes["name: referral"]:
        text = text.replace("file: referral_", "file: second_")
    for old, new in changes.items():
        text = text.replace(old, new, 1)
    (folder / "safeguarding_second.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_folders(folder)
    assert caught.value.message.startswith(f"{folder}/safeguarding_second.yml, line {line}: ")
    assert words in caught.value.message


def test_two_datasets_may_share_a_folder_when_their_names_tell_them_apart(folder: Path) -> None:
    text = FILE.replace("dataset: safeguarding/referral", "dataset: safeguarding/second")
    text = text.replace("name: referral", "name: second").replace(
        "file: referral_", "file: second_"
    )
    (folder / "safeguarding_second.yml").write_text(text, encoding="utf-8")
    assert list(load_folders(folder)) == ["safeguarding/referral", "safeguarding/second"]


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "safeguarding_other.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DeclarationError, match=r"safeguarding_other\.yml cannot be read: .*UTF-8"):
        load_folders(folder)


def test_a_deployment_has_declarations_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(datasets())
    monkeypatch.setenv("ASSURANCE_DECLARATIONS", str(folder))
    assert sorted([*before, "safeguarding/referral"]) == list(datasets())


def test_a_deployment_cannot_declare_again_what_the_project_declares(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with resources.as_file(BUILT_IN.joinpath("hr_personnel.yml")) as file:
        shutil.copy(file, folder)
    monkeypatch.setenv("ASSURANCE_DECLARATIONS", str(folder))
    with pytest.raises(DeclarationError, match=r"line 1: hr/personnel is declared already"):
        datasets()


def test_a_folder_of_declarations_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_DECLARATIONS", str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"ASSURANCE_DECLARATIONS: .* is not a folder"):
        datasets()


@pytest.mark.parametrize(
    "pattern",
    ["[0-9]{11}", r"\d{2}[A-Z]+", "[[:alpha:]]+", r"\mword\M", "a(?:b|c)?", "a(?=b)b", "(?<!a)b",
     "[*+]+", r"\++", "(a)\\1", "x{2,255}", r"\{a"],
)  # fmt: skip
def test_a_pattern_of_postgresql_is_admitted(pattern: str) -> None:
    assert why_not(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "empty"),
        ("a(b", "missing )"),
        ("[a", "unterminated"),
        ("*a", "nothing to repeat"),
        ("(?P<year>a)", "PostgreSQL does not know (?P"),
        ("(?i)a", "PostgreSQL does not know (?i)"),
        ("a++", "PostgreSQL does not know ++"),
        ("a{2}+", "PostgreSQL does not know }+"),
        ("a{256}", "at most 255 times"),
        ("***=a", "options"),
    ],
)
def test_what_is_no_pattern_says_why(pattern: str, reason: str) -> None:
    assert reason in (why_not(pattern) or "")

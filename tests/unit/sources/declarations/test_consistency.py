"""A contradiction in a declaration, or between two declarations, is an error."""

from pathlib import Path

import pytest

from oic_assurance.sources.declarations.load import DeclarationError, load_folders, parse
from tests.unit.sources.declarations.examples import (
    DATABASE,
    FILE,
    NAMES,
    Mistake,
    check_mistake,
    error_of,
    name_of,
)
from tests.unit.sources.declarations.test_load import text_of

LONG = "a" * 51


@pytest.mark.parametrize("text", [FILE, DATABASE])
def test_the_examples_are_valid(text: str) -> None:
    assert parse(text, NAMES[text]).tables


MISTAKES: list[Mistake] = [
    # Names that are reserved or too long are refused.
    (FILE, "      persons:", "      ctid:", 17, "ctid is a reserved column name"),
    (FILE, "      persons:", "      fault:", 17, "fault is a reserved column name"),
    (FILE, "      persons:", "      is_tombstone:", 17,
     "landing adds the column is_tombstone itself"),
    (FILE, "      made_at:", f"      {LONG}:", 16, "longer than 63 characters"),
    (FILE, "      persons: {type: integer,", "      made_at_text: {type: text,", 16,
     "landing adds made_at_text, so it must not be declared"),
    # Keys.
    (FILE, "key: [referral_ref]", "key: [referral_ref, kind]", 15,
     "kind is part of the key: write `required: true`, or `required: false` if it may"),
    (FILE, "required: true, description: The referral",
     "required: false, when_unreadable: blank, description: The referral", 14,
     "referral_ref is part of the key, so `when_unreadable: blank` is not allowed"),
    (DATABASE, "{type: bigint, required: true,", "{type: bigint, required: false,", 15,
     "visit_id is the key, so it must be required"),
    # Rules that do not fit their column are refused.
    (FILE, "kind: [CHILD]", "kind: [CHILD, INFANT]", 18, "INFANT is not a code of kind"),
    (FILE, "kind: [CHILD]", "persons: ['1']", 18,
     "required_when needs another column of type text, not persons"),
    (FILE, "kind: [CHILD]", "colour: [RED]", 18, "required_when names colour, which is not"),
    (FILE, "{type: date, ", "{type: date, required: true, ", 18,
     "is already required in every row"),
    (FILE, "[ADULT, CHILD]", "['ADULT ', CHILD]", 15, "a code of kind has blanks around it"),
    (FILE, "[ADULT, CHILD]", "[ADULT, CHILD], pattern: 'A(B'", 15,
     "the pattern of kind is not valid: missing )"),
    (FILE, "{type: integer,", "{type: integer, required: true, when_unreadable: blank,", 17,
     "persons is required, so `blank` is not allowed"),
    (FILE, "[ADULT, CHILD]", "[ADULT, CHILD], refers_to: person.id", 15,
     "kind refers to person.id, which this file does not declare"),
    (FILE, "{type: integer,", "{type: integer, refers_to: referral.kind,", 17,
     "persons is integer but referral.kind is not"),
    (DATABASE, "outcome: {type: text,", "outcome: {type: text, digits: 6,", 16,
     "outcome is from a database, which keeps its zeros"),
    (DATABASE, "outcome: {type: text,", "outcome: {type: text, when_unreadable: blank,", 16,
     "outcome is from a database: every value can be read"),
    (DATABASE, "updated_at: {type: timestamptz, required: true,", "updated_at: {type: timestamptz,",
     6, "a row without updated_at would never be read"),
    (DATABASE, "table: visit}", "table: visit, door: {column: visit_id, admits: [OFFICIAL]}}", 4,
     "a marking must be a text column, and visit_id is not"),
    # Places.
    (FILE, "YYYYMMDD.csv, format: csv", "YYYYMMDD.csv, format: xlsx", 4, "must end with .xlsx"),
    (FILE, "referral_YYYYMMDD.csv", "referral_YYYYMMDD.part", 4,
     "count as unfinished and are never read"),
    # Columns that no dataset may extract, and what a marking column needs.
    (FILE, "      persons:", "      victim_surname:", 17, "may identify a person or hold a narr"),
    (FILE, "      persons:", "      suspect_name:", 17, "suspect_name may identify a person"),
    (DATABASE, "      outcome:", "      narrative:", 16, "narrative may identify a person or hold"),
    (FILE, "      persons: {type: integer,", "      gsc: {type: text,", 17,
     "gsc is a marking, and a file is archived whole"),
    (DATABASE, "      outcome:", "      protective_marking:", 16,
     "protective_marking is a marking, so the place needs a ceiling"),
    (DATABASE, "table: visit}", "table: visit, never_extracted: [security_marking]}", 4,
     "security_marking is a marking: extract it"),
    (DATABASE, "table: visit}", "table: visit, door: {column: outcome, admits: [SECRET]}}", 4,
     "SECRET is above the highest marking"),
    (DATABASE, "table: visit}",
     "table: visit, door: {column: outcome, admits: [OFFICIAL], reference: urn}}", 4,
     "there is no column urn"),
    (DATABASE, "law_enforcement", "general", 7, "its system is one of law enforcement"),
    (FILE, "      persons: {type: integer,", "      persons: {type: integer, presence: true,", 17,
     "only the presence of persons is landed, so its type must be boolean"),
    (FILE, "referral_ref: {type: text, required", "referral_ref: {type: boolean, presence: true,"
     " required", 14, "always true or false, so it cannot be required or in the key"),
    (DATABASE, "outcome: {type: text,", "outcome: {type: text, screened: true,", 16,
     "free text is screened in files only"),
    (FILE, "persons: {type: integer,", "persons: {type: integer, screened: true,", 17,
     "persons has rules for text, but its type is integer"),
    (FILE, "referral_ref: {type: text,", "referral_ref: {type: text, screened: true,", 14,
     "referral_ref is in the key, which quarantine shows"),
    (FILE, "YYYYMMDD.csv,", "YYYYMMDD.csv, never_extracted: [persons],", 17,
     "persons is listed in never_extracted"),
    # dbt reads the descriptions and would execute Jinja in them.
    (FILE, "description: How many it is about.", "description: 'About {{ n }}.'", 17,
     "dbt would run it"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=name_of)
def test_an_error_names_file_and_line(mistake: Mistake) -> None:
    check_mistake(mistake)


def test_two_tables_of_a_workbook_are_on_two_sheets() -> None:
    text = text_of("hydra_attendance.yml").replace("sheet: Attendance", "sheet: Sessions")
    assert "two tables are on the sheet Sessions" in error_of(text, "hydra_attendance.yml")


@pytest.mark.parametrize(
    ("changes", "line", "expected"),
    [
        ({}, 10, "safeguarding/referral already has a raw table called referral"),
        ({"name: referral": "name: referral_version"}, 10,
         "referral_version needs the name referral_version, which safeguarding/referral already"),
        ({"name: referral": "name: other", "referral/folder": ""}, 4,
         "safeguarding/referral already reads this table or these files"),
        ({"name: referral": "name: other", "referral_YYYYMMDD": "referral_20260304"}, 4,
         "safeguarding/referral already reads this table or these files"),
    ],
)  # fmt: skip
def test_two_datasets_cannot_have_the_same_table_or_files(
    folder: Path, changes: dict[str, str], line: int, expected: str
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
    assert expected in caught.value.message


def test_two_datasets_can_share_a_folder_if_their_file_names_differ(folder: Path) -> None:
    text = FILE.replace("dataset: safeguarding/referral", "dataset: safeguarding/second")
    text = text.replace("name: referral", "name: second").replace(
        "file: referral_", "file: second_"
    )
    (folder / "safeguarding_second.yml").write_text(text, encoding="utf-8")
    assert list(load_folders(folder)) == ["safeguarding/referral", "safeguarding/second"]


def test_a_copy_of_the_intelligence_table_is_not_accepted_without_its_protection() -> None:
    """The test copies a declaration and leaves out what protects the records."""
    text = text_of("intelligence_report.yml").replace(
        "dataset: intelligence/report", "dataset: own/copy"
    )
    text = text.replace("  never_extracted: [narrative, source_identity]\n", "")
    door = next(line for line in text.splitlines(keepends=True) if line.startswith("  door:"))
    columns = "    columns:\n"
    narrative = f"{columns}      narrative: {{type: text, description: The text.}}\n"
    general = text.replace("law_enforcement", "general")
    for attempt, expected in (
        (text.replace(columns, narrative), "narrative may identify a person"),
        (text.replace(door, ""), "the place needs a ceiling"),
        (text.replace("OFFICIAL-SENSITIVE]", "SECRET]"), "SECRET is above the highest marking"),
        (general, "it has protective markings: the classification must be law_enforcement"),
    ):
        assert expected in error_of(attempt, "own_copy.yml")
    assert parse(text, "own_copy.yml").database.marking is not None

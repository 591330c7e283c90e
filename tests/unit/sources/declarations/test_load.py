"""The declarations of the project are valid. Errors name the file and the line."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.sources.declarations.load import (
    DeclarationError,
    dataset,
    datasets,
    load_folders,
    parse,
)
from tests.unit.sources.declarations.examples import (
    DATABASE,
    FILE,
    Mistake,
    check_mistake,
    error_of,
    name_of,
)

FILES = resources.files("oic_assurance.sources").joinpath("declarations")


def text_of(name: str = "hr_org_unit.yml") -> str:
    """Return the text of one of the project's declarations."""
    return FILES.joinpath(name).read_text(encoding="utf-8")


def test_records_of_operational_systems_are_under_law_enforcement() -> None:
    for name, declared in datasets().items():
        if name.startswith(("rms/", "intelligence/")):
            assert declared.raw_schema == "raw_law_enforcement"


def test_narrative_and_source_identity_are_never_columns() -> None:
    place = dataset("intelligence/report").database
    assert place.never_extracted == ("narrative", "source_identity")
    assert place.marking is not None
    assert place.marking.admits == ("OFFICIAL", "OFFICIAL-SENSITIVE")
    for declared in datasets().values():
        for table in declared.tables:
            assert not {"narrative", "source_identity"} & set(table.names)


def test_the_error_for_an_unknown_dataset_lists_those_that_exist() -> None:
    message = r"There is no dataset 'hr/people'\. Did you mean 'hr/personnel'\? Choose one of gov"
    with pytest.raises(UsageError, match=message):
        dataset("hr/people")


def test_a_system_can_have_any_name_but_its_time_zone_must_exist() -> None:
    text = text_of("rms_occurrence.yml")
    declared = parse(
        text.replace("system: rms,", "system: custody_9, time_zone: Europe/London,"),
        "rms_occurrence.yml",
    )
    place = declared.database
    assert (place.system, place.time_zone) == ("custody_9", "Europe/London")
    wrong = text.replace("system: rms,", "system: rms, time_zone: Europe/Northampton,")
    assert error_of(wrong, "rms_occurrence.yml") == (
        "rms_occurrence.yml, line 4: Europe/Northampton is not a time zone."
    )
    capitals = text.replace("system: rms,", "system: RMS,")
    assert "rms_occurrence.yml, line 4: " in error_of(capitals, "rms_occurrence.yml")


LONG = "a" * 51
MISTAKES: list[Mistake] = [
    # Unknown names.
    (FILE, "{type: integer,", "{type: integer, requird: true,", 17,
     "tables.0.columns.persons: 'requird' is unknown: choose one of type, description"),
    (FILE, "owner:", "owned_by: Somebody\nowner:", 7, "'owned_by' is unknown: choose one of"),
    (FILE, "format: csv}", "format: csv, sheet: A}", 4, "'sheet' is unknown"),
    (FILE, "years: 6", "year: 6", 8, "'year' is unknown: choose one of years, basis"),
    (FILE, "      kind:", "      Kind:", 15, "'Kind' does not match"),
    # Values of the wrong type.
    (FILE, "[ADULT, CHILD]", "[YES, CHILD]", 15, "True is not a text: quote it"),
    (FILE, "[ADULT, CHILD]", "[1, CHILD]", 15, "1 is not a text: quote it"),
    (FILE, "years: 6", "years: six", 8, "'six' is not of type 'integer'"),
    (FILE, "required: true", "required: always", 14, "'always' is not of type 'boolean'"),
    (FILE, "key: [referral_ref]", "key: referral_ref", 12, "is not of type 'array'"),
    (FILE, "{type: integer,", "{type: money,", 17, "'money' is not one of"),
    (FILE, "      persons:", f"      {LONG}a:", 17, "does not match"),
    (FILE, "  - name: referral", f"  - name: {LONG}a", 10, "does not match"),
    (FILE, "delivery: full", "delivery: whole", 5, "'whole' is not one of"),
    (FILE, "format: csv", "format: pdf", 4, "'pdf' is not one of"),
    # What is missing, or does not fit the rest of the file.
    (FILE, "owner: Public protection\n", "", 1, "'owner' is a required"),
    (DATABASE, "cursor: updated_at\n", "", 1, "'cursor' is a required property"),
    (FILE, "dataset: safeguarding/referral", "dataset: safeguarding/other", 1,
     "must be called safeguarding_other.yml"),
    (FILE, "referral_YYYYMMDD.csv", "YYYYMMDD_YYYYMMDD.csv", 4, "YYYYMMDD may occur only once"),
    (FILE, "  - name: referral", "  - sheet: A\n    name: referral", 10,
     "other tables must not have one"),
    (FILE, "key: [referral_ref]", "key: [unit]", 12, "the key column unit is not declared"),
    (DATABASE, "key: [visit_id]", "key: [visit_id, outcome]", 13, "needs a key of one column"),
    (DATABASE, "cursor: updated_at", "cursor: outcome", 6, "outcome is not a timestamptz"),
    (DATABASE, "table: visit}", "table: visit, door: {column: marking, admits: [OFFICIAL]}}", 4,
     "there is no column marking"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=name_of)
def test_a_mistake_names_its_line(mistake: Mistake) -> None:
    check_mistake(mistake)


def test_a_file_that_is_not_utf_8_is_an_error(folder: Path) -> None:
    (folder / "safeguarding_other.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DeclarationError, match=r"safeguarding_other\.yml cannot be read: .*UTF-8"):
        load_folders(folder)


def test_a_deployment_can_add_declarations(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(datasets())
    monkeypatch.setenv("ASSURANCE_DECLARATIONS", str(folder))
    assert sorted([*before, "safeguarding/referral"]) == list(datasets())


def test_a_deployment_cannot_declare_a_dataset_of_the_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with resources.as_file(FILES.joinpath("hr_personnel.yml")) as file:
        shutil.copy(file, folder)
    monkeypatch.setenv("ASSURANCE_DECLARATIONS", str(folder))
    with pytest.raises(DeclarationError, match=r"line 1: hr/personnel is already declared"):
        datasets()


def test_the_folder_of_declarations_must_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_DECLARATIONS", str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"ASSURANCE_DECLARATIONS: .* is not a folder"):
        datasets()


def test_a_better_description_does_not_change_the_fingerprint() -> None:
    text = FILES.joinpath("hr_personnel.yml").read_text("utf-8")
    before = parse(text, "hr_personnel.yml")
    description = before.description

    reworded = parse(text.replace(description, "Another sentence."), "hr_personnel.yml")
    changed = parse(text.replace("[OFFICER,", "[WIZARD, OFFICER,"), "hr_personnel.yml")

    assert reworded.description == "Another sentence."
    assert reworded.fingerprint == before.fingerprint
    assert changed.fingerprint != before.fingerprint

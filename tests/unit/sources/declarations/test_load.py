"""Declarations: what the twelve say, and errors that name file and line."""

from importlib import resources

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.sources.declarations.load import DeclarationError, dataset, datasets, parse
from oic_assurance.sources.declarations.model import DatabasePlace, FilePlace, Tolerance

FILES = resources.files("oic_assurance.sources").joinpath("declarations")

# As the source contract says them.
KEYS = {
    "occurrence": ["occurrence_id"],
    "nccu_referral": ["referral_id"],
    "custody_record": ["custody_id"],
    "intelligence_report": ["report_id"],
    "dissemination": ["dissemination_id"],
    "product": ["product_id"],
    "personnel": ["employee_no"],
    "org_unit": ["org_unit_code"],
    "completion": [
        "employee_no", "course_code", "module_code", "module_version", "status", "completed_at",
    ],
    "hydra_session": ["session_code"],
    "hydra_attendance": ["session_code", "employee_no"],
    "plan": ["plan_ref"],
    "plan_milestone": ["plan_ref", "milestone"],
    "recommendation_event": ["event_at", "point_code", "party", "status"],
}  # fmt: skip
NULLABLE = {
    "occurrence": {"offence_code", "persons_count", "occurred_at", "deleted_at"},
    "nccu_referral": {"occurrence_ref", "persons_count", "nccu_reference", "outcome", "deleted_at"},
    "custody_record": {"occurrence_ref", "released_at", "deleted_at"},
    # Gradings land as they come, also when they do not come at all.
    "intelligence_report": {
        "grading_scheme", "source_evaluation", "intelligence_assessment", "handling_code",
        "handling_conditions", "occurrence_ref", "nccu_referral_ref", "submitted_at", "deleted_at",
    },
    "dissemination": {"deleted_at"},
    "product": {"approved_at", "deleted_at"},
}  # fmt: skip


def text(name: str = "hr_org_unit.yml") -> str:
    return FILES.joinpath(name).read_text(encoding="utf-8")


def refusal(changed: str, file: str = "hr_org_unit.yml") -> str:
    with pytest.raises(DeclarationError) as caught:
        parse(changed, file)
    return str(caught.value)


def test_the_twelve_datasets_are_declared() -> None:
    assert list(datasets()) == [
        "governance/plans", "governance/recommendations", "hr/org_unit", "hr/personnel",
        "hydra/attendance", "intelligence/dissemination", "intelligence/product",
        "intelligence/report", "lms/completions", "rms/custody_record", "rms/nccu_referral",
        "rms/occurrence",
    ]  # fmt: skip


def test_keys_are_those_of_the_source_contract() -> None:
    tables = [table for declared in datasets().values() for table in declared.tables]
    assert {table.name: list(table.key) for table in tables} == KEYS


@pytest.mark.parametrize("name", NULLABLE)
def test_database_columns_are_required_unless_the_contract_lets_them_be_null(name: str) -> None:
    tables = [table for declared in datasets().values() for table in declared.tables]
    table = next(table for table in tables if table.name == name)
    assert {column.name for column in table.columns if not column.required} == NULLABLE[name]


def test_law_enforcement_and_general_data_land_apart() -> None:
    schemas = {name: declared.raw_schema for name, declared in datasets().items()}
    for name, schema in schemas.items():
        is_operational = name.startswith(("rms/", "intelligence/"))
        assert schema == ("raw_law_enforcement" if is_operational else "raw_general")


def test_narrative_and_source_identity_are_never_columns() -> None:
    place = dataset("intelligence/report").place
    assert isinstance(place, DatabasePlace)
    assert place.never_extracted == ("narrative", "source_identity")
    assert place.door is not None
    assert place.door.admits == ("OFFICIAL", "OFFICIAL-SENSITIVE")
    for declared in datasets().values():
        for table in declared.tables:
            assert not {"narrative", "source_identity"} & set(table.names)


def test_files_are_named_as_the_contract_says() -> None:
    places = [d.place for d in datasets().values() if isinstance(d.place, FilePlace)]
    assert sorted(str(place) for place in places) == [
        "governance/plans/plan_register.xlsx",
        "governance/recommendations/recommendation_log.csv",
        "hr/org_unit/org_unit_YYYYMMDD.csv",
        "hr/personnel/personnel_YYYYMMDD.csv",
        "hydra/attendance/hydra_YYYYMMDD.xlsx",
        "lms/completions/completions_YYYYMMDD.csv",
    ]


@pytest.mark.parametrize(
    ("rejected", "rows", "is_over"),
    [(19, 19, False), (20, 20, True), (20, 100, False), (21, 100, True), (20, 99, True)],
)
def test_the_default_tolerance_is_a_fifth_and_never_under_twenty_rows(
    rejected: int, rows: int, is_over: bool
) -> None:
    assert Tolerance().exceeded(rejected, rows) is is_over


def test_an_unknown_dataset_is_a_usage_error_that_lists_the_known() -> None:
    with pytest.raises(UsageError, match="There is no dataset 'hr/people': choose one of gov"):
        dataset("hr/people")


def line_of(content: str, needle: str) -> int:
    return next(n for n, line in enumerate(content.splitlines(), 1) if needle in line)


@pytest.mark.parametrize(
    ("old", "new", "needle", "words"),
    [
        ("delivery: full", "delivery: whole", "delivery", "'whole' is not one of"),
        ("type: text", "type: varchar", "varchar", "'varchar' is not one of"),
        ("kind: file", "kind: file\ncolour: blue", "colour", "'colour' was unexpected: choose of"),
        ("owner: Human resources, workforce data\n", "", "dataset", "'owner' is a required"),
        ("format: csv", "format: pdf", "place", "'pdf' is not one of"),
        ("key: [org_unit_code]", "key: [unit]", "key:", "the key's column unit is not declared"),
        (
            "parent_org_unit_code: {type: text",
            "batch_id: {type: text",
            "batch_id",
            "batch_id is a column that landing adds itself",
        ),
        (
            "parent_org_unit_code: {type: text",
            "parent_org_unit_code: {type: date, codes: [A]",
            "parent_org_unit_code: {",
            "parent_org_unit_code has rules for text but is date",
        ),
        (
            "parent_org_unit_code: {type: text",
            "parent_org_unit_code: {type: text, required_when: {level: [TEAM]}",
            "parent_org_unit_code: {",
            "required_when names level, which is not declared",
        ),
        ("dataset: hr/org_unit", "dataset: hr/units", "dataset", "must be called hr_units.yml"),
        (
            "org_unit_YYYYMMDD.csv",
            "YYYYMMDD_YYYYMMDD.csv",
            "place",
            "YYYYMMDD may occur only once",
        ),
        ("  - name: org_unit", "  - sheet: A\n    name: org_unit", "sheet", "a sheet is named for"),
    ],
)
def test_a_mistake_is_an_error_that_names_file_and_line(
    old: str, new: str, needle: str, words: str
) -> None:
    changed = text().replace(old, new, 1)
    assert changed != text()
    said = refusal(changed)
    assert said.startswith(f"hr_org_unit.yml, line {line_of(changed, needle)}: ")
    assert words in said


@pytest.mark.parametrize(
    ("old", "new", "needle", "words"),
    [
        ("cursor: updated_at\n", "", "dataset", "'cursor' is a required property"),
        ("cursor: updated_at", "cursor: report_urn", "cursor", "report_urn is no timestamptz"),
        ("key: [report_id]", "key: [report_id, status]", "key:", "needs a key of one column"),
        ("[narrative, source_identity]", "[status]", "      status:", "status is never extracted"),
        ("column: protective_marking", "column: marking", "door", "there is no column marking"),
    ],
)
def test_mistakes_about_a_database(old: str, new: str, needle: str, words: str) -> None:
    changed = text("intelligence_report.yml").replace(old, new, 1)
    said = refusal(changed, "intelligence_report.yml")
    assert words in said
    assert f"line {line_of(changed, needle)}: " in said


def test_what_is_not_yaml_names_its_line() -> None:
    changed = text().replace("kind: file", "kind: [file")
    assert refusal(changed).startswith("hr_org_unit.yml, line ")
    assert "not YAML" in refusal(changed)


def test_a_database_may_be_any_connection_but_its_time_zone_must_be_one() -> None:
    said = text("rms_occurrence.yml")
    declared = parse(
        said.replace("system: rms,", "system: custody_9, time_zone: Europe/London,"),
        "rms_occurrence.yml",
    )
    assert isinstance(declared.place, DatabasePlace)
    assert (declared.place.system, declared.place.time_zone) == ("custody_9", "Europe/London")
    wrong = said.replace("system: rms,", "system: rms, time_zone: Europe/Northampton,")
    assert refusal(wrong, "rms_occurrence.yml") == (
        "rms_occurrence.yml, line 4: there is no time zone Europe/Northampton."
    )
    capitals = said.replace("system: rms,", "system: RMS,")
    assert "rms_occurrence.yml, line 4: " in refusal(capitals, "rms_occurrence.yml")

"""Test which column names are protected, and which are names of markings."""

import pytest

from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.protected import is_marking, is_protected


@pytest.mark.parametrize(
    "name",
    [
        *("narrative", "incident_narrative", "source_identity", "free_text", "informant_ref"),
        *("surname", "officer_surname", "forenames", "name", "full_name", "victim_name"),
        *("date_of_birth", "dob", "home_address", "postcode", "email", "e_mail", "mobile_no"),
    ],
)
def test_a_column_that_identifies_somebody_is_protected(name: str) -> None:
    assert is_protected(name)


@pytest.mark.parametrize(
    "name",
    [
        "org_unit_name",
        "course_name",
        "venue_name",
        "outcome",
        "addressed_on",
        "renamed_at",
        "status",
    ],
)
def test_a_name_of_a_thing_is_not_protected(name: str) -> None:
    assert not is_protected(name)


@pytest.mark.parametrize(
    "name",
    ["protective_marking", "Protective Marking", "marking", "GSC", "security classification"],
)
def test_a_marking_is_found_in_every_spelling(name: str) -> None:
    assert is_marking(name)


def test_no_dataset_of_the_project_has_a_protected_column() -> None:
    for dataset in datasets().values():
        for table in dataset.tables:
            assert not [name for name in table.names if is_protected(name)]
            markings = [name for name in table.names if is_marking(name)]
            assert markings == (
                ["protective_marking"] if dataset.name == "intelligence/report" else []
            )

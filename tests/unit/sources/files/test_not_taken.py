"""Whatever is not taken as a delivery is reported with a reason that its sender understands."""

import pytest

from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.not_taken import why_not_taken

PERSONNEL = dataset("hr/personnel").files


def why(name: str, *, is_folder: bool = False, is_link: bool = False) -> str | None:
    return why_not_taken(name, PERSONNEL, is_folder=is_folder, is_link=is_link)


@pytest.mark.parametrize("name", ["personnel_20260102.csv", "Personnel_20260102.CSV"])
def test_a_delivery_has_no_reason(name: str) -> None:
    assert why(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("personnel_20260102 (1).csv", "copy or another version of personnel_20260102.csv"),
        ("personnel_20260102 - Copy.csv", "copy or another version of personnel_20260102.csv"),
        ("personnel_20260102_v2.csv", "copy or another version of personnel_20260102.csv"),
        ("personnel_20260102_final.csv", "copy or another version of personnel_20260102.csv"),
        ("personnel_20260102.csv.gz", "it is compressed"),
        ("personnel_20260102.zip", "it is compressed"),
        ("personnel_20260102.xlsx", "it does not end with .csv"),
        ("personnel.csv", "its name has no day"),
        ("leavers_20260102.csv", "only personnel_YYYYMMDD.csv is taken"),
        ("personnel_2026-01-02.csv", "only personnel_YYYYMMDD.csv is taken"),
        ("personnel_20260102.csv.part", "not finished"),
        ("~$personnel_20260102.csv", "hidden or temporary"),
        (".DS_Store", "hidden or temporary"),
    ],
)
def test_the_reason_says_what_is_wrong_with_the_name(name: str, reason: str) -> None:
    found = why(name)
    assert found is not None
    assert reason in found


def test_folders_and_links_are_not_taken_even_under_the_right_name() -> None:
    assert "folder" in (why("personnel_20260102.csv", is_folder=True) or "")
    assert "link" in (why("personnel_20260102.csv", is_link=True) or "")

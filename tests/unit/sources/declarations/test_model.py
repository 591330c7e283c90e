"""A declaration knows its place, its tolerance, its file names and the columns of raw."""

import pytest

from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import Tolerance


@pytest.mark.parametrize(
    ("rejected", "rows", "is_over"),
    [(19, 19, False), (20, 20, True), (20, 100, False), (21, 100, True), (20, 99, True)],
)
def test_the_default_tolerance_is_20_percent_and_never_applies_below_20_rows(
    rejected: int, rows: int, is_over: bool
) -> None:
    assert Tolerance().exceeded(rejected, rows) is is_over


def test_a_dataset_from_a_database_has_a_table_and_no_files() -> None:
    declared = dataset("rms/occurrence")
    assert str(declared.database) == "rms.rms.occurrence"
    assert not declared.is_workbook
    with pytest.raises(TypeError, match="rms/occurrence comes from a database, not from files"):
        _ = declared.files


def test_a_dataset_from_files_has_a_folder_and_no_table() -> None:
    declared = dataset("hydra/attendance")
    assert str(declared.files) == "hydra/attendance/hydra_YYYYMMDD.xlsx"
    assert declared.is_workbook
    with pytest.raises(TypeError, match="hydra/attendance comes from files, not from a database"):
        _ = declared.database


def test_the_name_of_a_file_contains_the_day_of_the_delivery() -> None:
    pattern = dataset("hr/personnel").files.pattern
    match = pattern.fullmatch("personnel_20260101.csv")
    assert match is not None
    assert match["day"] == "20260101"
    assert pattern.fullmatch("personnel_2026.csv") is None
    assert pattern.fullmatch("personnel_20260101_csv") is None


def test_raw_also_holds_the_original_text_of_a_time_from_a_file() -> None:
    completions = dataset("lms/completions")
    [table] = completions.tables
    columns = completions.content_columns(table)
    assert columns["completed_at"] == "timestamptz"
    assert columns["completed_at_text"] == "text"
    assert columns["completed_at_is_ambiguous"] == "boolean"
    occurrences = dataset("rms/occurrence")
    [table] = occurrences.tables
    assert list(occurrences.content_columns(table)) == list(table.names)

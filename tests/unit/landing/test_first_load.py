"""The first load writes every column of raw. Columns and values have the same order."""

from datetime import UTC, datetime

from oic_assurance.landing.first_load import copy_statement, raw_columns, raw_values
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import PROVENANCE

CUSTODY = dataset("rms/custody_record")


def test_there_is_a_value_for_each_column_of_raw() -> None:
    values = raw_values(CUSTODY, "E23000001", 7, datetime(2026, 1, 5, tzinfo=UTC))
    assert len(values) == len(raw_columns(CUSTODY))
    assert raw_columns(CUSTODY) == [*CUSTODY.tables[0].names, *PROVENANCE]


def test_the_cursor_is_the_version_time() -> None:
    values = raw_values(CUSTODY, "E23000001", 7, datetime(2026, 1, 5, tzinfo=UTC))
    place = raw_columns(CUSTODY).index("version_at")
    assert values[place].as_string(None) == '"r"."updated_at"'


def test_only_an_empty_table_is_filled_with_frozen_rows() -> None:
    assert copy_statement(CUSTODY, frozen=True).as_string(None).endswith("freeze on)")
    assert copy_statement(CUSTODY, frozen=False).as_string(None).endswith("freeze off)")

"""Write the values of a release as text, and say why a value is missing.

A cell is never blank: a mark in brackets says why there is no value. The marks come from the
Government Analysis Function's guidance on symbols in tables.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from oic_assurance.publishing.release_tables import ReleaseColumn

#: The marks for missing values, keyed by the reason in `ReleaseColumn.blank`.
MARKS = {"withheld": "[c]", "not_applicable": "[z]"}
#: What the marks mean, for readers.
MEANINGS = {
    "[c]": "Confidential: withheld, so that nobody can be identified.",
    "[z]": "Not applicable: there is no value of this kind.",
}


def mark(column: ReleaseColumn) -> str:
    """Return the mark for a missing value of a column."""
    return MARKS[column.blank] if column.blank else ""


def as_text(column: ReleaseColumn, value: Any) -> str:
    """Return a value as text for a CSV file. Days and moments are in ISO 8601, moments in UTC."""
    if value is None:
        return mark(column)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def rows_as_text(
    columns: tuple[ReleaseColumn, ...], rows: list[Mapping[str, Any]]
) -> list[list[str]]:
    """Return the values of rows as text, in the order of the columns."""
    return [[as_text(column, row[column.name]) for column in columns] for row in rows]

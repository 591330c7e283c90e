"""The tables of a public release: which columns it contains.

A column of the draft is released only if it is listed here. So a column that somebody adds to a
model of the public draft stays unreleased until somebody lists it here. The tables in schema
`public_release` have the same columns, and also `release_id`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseTable:
    """A released table. `key` names the columns that identify a row, and `names` all columns."""

    name: str
    key: tuple[str, ...]
    names: tuple[str, ...]


POSITION = ReleaseTable(
    "assurance_position",
    ("force_code", "point_code"),
    (
        *("force_code", "point_code", "as_at", "status_on", "status", "answer_code"),
        *("is_suppressed", "figures_from", "figures_to", "numerator", "denominator", "value"),
        *("target", "policy_confirmed", "second_reading", "second_numerator"),
        *("second_denominator", "second_value", "deadline", "days_to_deadline"),
        *("status_at_deadline", "source_status", "records_left_out_at_most", "files_left_out"),
        "publication_id",
    ),
)

PERIOD = ReleaseTable(
    "assurance_period",
    ("force_code", "measure_code", "period_start", "org_unit_code"),
    (
        *("force_code", "measure_code", "point_code", "period_start", "period_end"),
        *("org_unit_code", "numerator", "denominator", "value", "publication_id"),
    ),
)

MEASURE = ReleaseTable(
    "assurance_measure",
    ("force_code", "measure_code", "period_start", "org_unit_code"),
    (
        *("force_code", "measure_code", "point_code", "period_start", "org_unit_code"),
        *("is_suppressed", "numerator", "denominator", "value", "publication_id"),
    ),
)

RELEASE_TABLES = (POSITION, PERIOD, MEASURE)

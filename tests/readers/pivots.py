"""The pivot tables that the page of ten questions describes, and what they must show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.end_to_end.terminal import PROJECT

PAGE = (PROJECT / "docs" / "bi" / "questions.md").read_text(encoding="utf-8")


def select(fact: str, fields: Sequence[str], **dimensions: str) -> str:
    """Return a query as LibreOffice's query designer writes it: a fact and the dimensions it joins.

    `dimensions` has the column by which the fact joins each dimension. A field of a dimension is
    written with the dimension's name before it.
    """
    columns = ", ".join(
        ".".join(f'"{part}"' for part in (field if "." in field else f"{fact}.{field}").split("."))
        for field in fields
    )
    joins = "".join(
        f' INNER JOIN "warehouse"."marts"."{name}" AS "{name}" '
        f'ON "{fact}"."{column}" = "{name}"."{column}"'
        for name, column in dimensions.items()
    )
    return f'SELECT {columns} FROM "warehouse"."marts"."{fact}" AS "{fact}"{joins}'


#: For each question of the page: the pivot table that it describes.
PIVOTS: Mapping[str, Mapping[str, Any]] = {
    "1": {
        "query": select(
            "fct_measure_month",
            ["dim_date.financial_year", "dim_date.financial_quarter", "measure_code", "numerator",
             "denominator"],
            dim_date="date_day",
        ),
        "rows": ["financial_year", "financial_quarter"],
        "values": {"numerator": "sum", "denominator": "sum"},
        "filters": [["measure_code", "=", "nccu_intel_compliance"]],
    },
    "2": {
        "query": select(
            "fct_measure_month",
            ["dim_org_unit.district_label", "measure_code", "numerator", "denominator"],
            dim_org_unit="org_unit_code",
        ),
        "rows": ["district_label"],
        "values": {"numerator": "sum", "denominator": "sum"},
        "filters": [["measure_code", "=", "nccu_intel_compliance"]],
    },
    "3": {
        "query": select(
            "fct_nccu_referral",
            ["org_unit_label", "referral_ref", "is_counted", "intelligence_class",
             "dim_date.months_before_today"],
            dim_date="date_day",
        ),
        "rows": ["org_unit_label"],
        "values": {"referral_ref": "count"},
        "filters": [
            ["is_counted", "=", 1],
            ["intelligence_class", "=", "missing"],
            ["months_before_today", ">=", 0],
            ["months_before_today", "<=", 3],
        ],
    },
    "5": {
        "query": select(
            "fct_training_requirement",
            ["dim_org_unit.district_label", "officer_key", "requirement_code", "is_in_post",
             "is_long_term_absent", "is_complete"],
            dim_org_unit="org_unit_code",
        ),
        "rows": ["district_label"],
        "values": {"officer_key": "count"},
        "filters": [
            ["requirement_code", "=", "HYDRA"],
            ["is_in_post", "=", 1],
            ["is_long_term_absent", "=", 0],
            ["is_complete", "=", 0],
        ],
    },
    "6": {
        "query": select(
            "fct_training_requirement",
            ["requirement_label", "is_complete", "officer_key", "point_code", "is_in_post",
             "is_long_term_absent"],
        ),
        "rows": ["requirement_label"],
        "columns": ["is_complete"],
        "values": {"officer_key": "count"},
        "filters": [
            ["point_code", "=", "ELEARNING"],
            ["is_in_post", "=", 1],
            ["is_long_term_absent", "=", 0],
        ],
    },
    "7": {
        "query": select("assurance_exception", ["exception_label", "exception_key", "age_band"]),
        "rows": ["exception_label"],
        "values": {"exception_key": "count"},
        "filters": [["age_band", "=", "over 28"]],
    },
    "8": {
        "query": select(
            "assurance_measure", ["date_day", "value", "measure_code", "org_unit_code"]
        ),
        "rows": ["date_day"],
        "values": {"value": "max"},
        "filters": [["measure_code", "=", "hydra_completion"], ["org_unit_code", "=", "ALL"]],
    },
    "9": {
        "query": select(
            "fct_oic_incident",
            ["detection_route_label", "dim_date.financial_year", "occurrence_ref"],
            dim_date="date_day",
        ),
        "rows": ["detection_route_label"],
        "columns": ["financial_year"],
        "values": {"occurrence_ref": "count"},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A question of the page: its SQL, and the words that describe its pivot table."""

    query: str
    pivot: str


def questions() -> dict[str, Question]:
    """Return the questions of the page, keyed by their numbers."""
    found: dict[str, Question] = {}
    for number, text in re.findall(r"^## (\d+)\. .*?\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.M):
        query = re.search(r"```sql\n(.*?)```", text, re.DOTALL)
        pivot = re.search(r"^Pivot: (.*)$", text, re.M)
        assert query, f"question {number}"
        assert pivot, f"question {number}"
        words = pivot[1]
        if earlier := re.search(r"as in question (\d+)", words, re.IGNORECASE):
            words += found[earlier[1]].pivot
        found[number] = Question(query[1], words)
    return found


QUESTIONS = questions()


def cells(pivot: Sequence[Sequence[Any]], first_field: str, rows: int) -> dict[Any, Any]:
    """Return the figures of a pivot table, keyed by the labels of their rows and columns.

    A row whose first label is blank is left out, as in the page's SQL.
    """
    top = next(place for place, line in enumerate(pivot) if line[0] == first_field)
    header, body = pivot[top], pivot[top + 1 :]
    found = {}
    for line in body:
        labels, figures = tuple(line[:rows]), line[rows:]
        if header[rows] == "Data":
            found[*labels, figures[0]] = figures[1]
        else:
            found |= {
                (*labels, label): figure
                for label, figure in zip(header[rows:], figures, strict=True)
            }
    return {key: figure for key, figure in found.items() if key[0] not in ("", "(empty)")}


def expected_cells(number: str, answer: Sequence[Sequence[Any]]) -> dict[Any, Any]:
    """Return the cells that a pivot table must have, from the answer to the question's SQL."""
    if number in ("1", "2"):
        return {
            (*labels, f"Sum - {name}"): figure
            for *labels, numerator, denominator, _ in answer
            for name, figure in (("numerator", numerator), ("denominator", denominator))
        }
    if number == "6":
        return {
            (label, done): complete if done else denominator - complete
            for label, complete, denominator, _ in answer
            for done in (0.0, 1.0)
        }
    if number == "9":
        years = {year for year, *_ in answer}
        found = {(route, year): incidents for year, route, incidents, _ in answer}
        return {(route, year): found.get((route, year), "") for route, _ in found for year in years}
    field, function = next(iter(PIVOTS[number]["values"].items()))
    return {(label, f"{function.title()} - {field}"): figure for label, figure, *_ in answer}

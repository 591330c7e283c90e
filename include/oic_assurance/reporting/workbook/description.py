"""Read the description of the workbook: `workbook.yml` and the queries in `include/bi/excel`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from oic_assurance.errors import AssuranceError

FOLDER = Path("include") / "bi" / "excel"
#: The table of the first sheet, from which the publication's stamp is made.
SHOWN = "shown"
SHOWN_COLUMNS = {
    "Point": "long",
    "Answer": "text",
    "Status": "text",
    "Figure": "text",
    "Days of the figure": "text",
    "Target": "text",
    "Second reading": "long",
    "Provisional": "long",
    "Sources": "text",
    "Caveat": "long",
    "Publication": "whole",
    "As at": "moment",
    "Checks": "text",
}
KINDS = ("text", "long", "count", "whole", "share", "hours", "date", "month", "moment")
_COMMENT = re.compile(r"--[^\n]*\n")


@dataclass(frozen=True)
class Chart:
    """A chart beside a table: the column of its categories, and those of its values."""

    kind: Literal["bar", "line"]
    title: str
    categories: str
    values: tuple[str, ...]
    alt: str


@dataclass(frozen=True)
class Pivot:
    """A pivot table.

    Attributes:
        table: The table that it reads.
        rows: The field of its rows.
        columns: The field of its columns, or None. Without it, each value has a column.
        values: For each title of a sum, the field that is added up.
        share: A title and two fields: the sum of the first divided by the sum of the second.
        filter: A field and the value that is chosen at first.
    """

    table: str
    rows: str
    columns: str | None
    values: Mapping[str, str]
    share: tuple[str, str, str] | None
    filter: tuple[str, str] | None


@dataclass(frozen=True)
class Sheet:
    """A sheet with either a table or a pivot table.

    `table` is the name of its query and its table. `columns` maps each column to its kind.
    """

    name: str
    title: str
    about: str
    table: str | None
    columns: Mapping[str, str]
    chart: Chart | None
    pivot: Pivot | None


def sheets(root: Path) -> list[Sheet]:
    """Return the sheets of the workbook after the first.

    Raises:
        AssuranceError: The description cannot be read or names something that does not exist.
    """
    found = [_sheet(one) for one in _described(root)["sheets"]]
    columns = {one.table: one.columns for one in found if one.table}
    for sheet in found:
        _check(sheet, columns)
    return found


def how_to_use(root: Path) -> Mapping[str, Sequence[str]]:
    """Return the headings of the first sheet, each with its sentences.

    Raises:
        AssuranceError: The description cannot be read.
    """
    found: Mapping[str, Sequence[str]] = _described(root)["how"]
    return found


def _described(root: Path) -> Any:
    path = root / FOLDER / "workbook.yml"
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise AssuranceError(f"{path}: cannot be read: {error}.") from error


def queries(root: Path, described: list[Sheet]) -> dict[str, str]:
    """Return the query of each table on one line without comments, as Excel keeps it.

    Raises:
        AssuranceError: A query is missing.
    """
    found = {}
    for name in (SHOWN, *(one.table for one in described if one.table)):
        path = root / FOLDER / f"{name}.sql"
        if not path.exists():
            raise AssuranceError(f"workbook.yml: {name} has no {path}.")
        found[name] = " ".join(_COMMENT.sub("", path.read_text(encoding="utf-8")).split())
    return found


def _sheet(given: Mapping[str, Any]) -> Sheet:
    chart, pivot = given.get("chart"), given.get("pivot")
    return Sheet(
        name=given["name"],
        title=given["title"],
        about=given["about"],
        table=given.get("query"),
        columns=given.get("columns", {}),
        chart=chart and Chart(**chart | {"values": tuple(chart["values"])}),
        pivot=pivot and _pivot(pivot),
    )


def _pivot(given: Mapping[str, Any]) -> Pivot:
    shares = [(title, *fields) for title, fields in given.get("share", {}).items()]
    filters = [*given.get("filter", {}).items()]
    return Pivot(
        table=given["table"],
        rows=given["rows"],
        columns=given.get("columns"),
        values=given["values"],
        share=shares[0] if shares else None,
        filter=filters[0] if filters else None,
    )


def _check(sheet: Sheet, columns: Mapping[str, Mapping[str, str]]) -> None:
    where = f"workbook.yml: '{sheet.name}'"
    if wrong := sorted({*sheet.columns.values()} - {*KINDS}):
        raise AssuranceError(f"{where}: there is no kind {wrong[0]}.")
    named, known = set[str](), sheet.columns
    if sheet.chart:
        named = {sheet.chart.categories, *sheet.chart.values}
    if sheet.pivot:
        pivot = sheet.pivot
        if pivot.table not in columns:
            raise AssuranceError(f"{where}: there is no table {pivot.table}.")
        known = columns[pivot.table]
        named = {pivot.rows, *pivot.values.values()} | {pivot.columns or pivot.rows}
        named |= {*(pivot.share or ())[1:], *(pivot.filter or ())[:1]}
    if unknown := sorted(named - {*known}):
        raise AssuranceError(f"{where}: there is no column {unknown[0]}.")

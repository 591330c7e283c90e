"""Read the description of the workbook: `workbook.yml` and the queries in `include/bi/excel`."""

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


@dataclass(frozen=True)
class Chart:
    """A chart beside a table: the column of its categories, and those of its values."""

    kind: Literal["bar", "line"]
    title: str
    categories: str
    values: tuple[str, ...]
    alt: str


@dataclass(frozen=True)
class Sheet:
    """A sheet with a table.

    `table` is the name of its query and its table. `columns` maps each column to its kind.
    """

    name: str
    title: str
    about: str
    table: str
    columns: Mapping[str, str]
    chart: Chart | None


def sheets(root: Path) -> list[Sheet]:
    """Return the sheets of the workbook after the first.

    Raises:
        AssuranceError: The description cannot be read or names something that does not exist.
    """
    found = [_sheet(one) for one in _described(root)["sheets"]]
    for sheet in found:
        where = f"workbook.yml: '{sheet.name}'"
        if wrong := sorted({*sheet.columns.values()} - {*KINDS}):
            raise AssuranceError(f"{where}: there is no kind {wrong[0]}.")
        named = {sheet.chart.categories, *sheet.chart.values} if sheet.chart else set[str]()
        if unknown := sorted(named - {*sheet.columns}):
            raise AssuranceError(f"{where}: there is no column {unknown[0]}.")
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
    """Return the query of each table.

    Raises:
        AssuranceError: A query is missing.
    """
    found = {}
    for name in (SHOWN, *(one.table for one in described)):
        path = root / FOLDER / f"{name}.sql"
        if not path.exists():
            raise AssuranceError(f"workbook.yml: {name} has no {path}.")
        found[name] = path.read_text(encoding="utf-8")
    return found


def _sheet(given: Mapping[str, Any]) -> Sheet:
    chart = given.get("chart")
    return Sheet(
        name=given["name"],
        title=given["title"],
        about=given["about"],
        table=given["query"],
        columns=given["columns"],
        chart=chart and Chart(**chart | {"values": tuple(chart["values"])}),
    )

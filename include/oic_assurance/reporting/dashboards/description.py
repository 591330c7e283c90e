"""Read the descriptions of the dashboards, the YAML files in `include/bi/superset/dashboards`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.datasets import Dataset, datasets, folder_of, read_yaml
from oic_assurance.reporting.dashboards.values import Value, described_values
from oic_assurance.settings import Kind as WarehouseKind

KINDS = ("text", "table", "line", "bar", "timeline")
#: The width of a dashboard, in grid columns. The widths of the charts in a row add up to this
#: number.
GRID = 12
#: The title of the line about the publication on every dashboard, and its dataset.
ABOUT, SHOWN = "About this publication", "shown"
#: The title of the cards of the points, their dataset, and those of its columns that are not shown.
POINTS, CARD, KEYS = "The points", "card", ("point_code", "place")


@dataclass(frozen=True)
class Chart:
    """One chart of a dashboard.

    Attributes:
        width: The width in grid columns. A dashboard has twelve of them.
        height: The height in units of 8 pixels, as Superset counts it. A table is as high as its
            rows.
        where: A filter that maps columns to values. A row is included if it has one of the values
            in each of these columns.
        columns: For a table or a text: the columns to show. A text is a table that the style sheet
            lays out as words.
        coloured: Of these, the columns in which words have a colour.
        x: The column of the x axis. For a timeline: the columns with the start and the end of each
            bar.
        by: The columns that split the values into series. For a timeline: the column whose values
            are its rows, optionally followed by the column that decides the colour of a bar.
        values: The aggregates that the chart shows.
        marks: For a line chart: aggregates that are drawn as bars behind the lines.
        format: How numbers are written: a key of `formats` in `settings.yml`.
        sort: The columns to sort by. A minus in front means descending order. A table with values
            is sorted by the first of them.
        page: For a table: the number of rows on a page. None for all rows on one page.
        look: Superset settings for this chart, which override the settings for its kind.
    """

    title: str
    kind: str
    dataset: Dataset
    description: str
    width: int
    height: int
    where: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    coloured: tuple[str, ...] = ()
    x: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    marks: tuple[Value, ...] = ()
    format: str = "number"
    sort: tuple[str, ...] = ()
    page: int | None = None
    look: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns by which the values are grouped."""
        return self.x + self.by


@dataclass(frozen=True)
class Filter:
    """A filter that readers can set.

    Attributes:
        title: The name of the filter for readers.
        column: The column that it applies to. None for a filter on a period, which applies to the
            date column of each dataset.
        dataset: The dataset that offers the values to choose from. None for a filter on a period.
        within: The title of the filter whose choice limits what this filter offers.
        first: Whether exactly one value is always chosen, at the beginning the first. It is for a
            chart that would otherwise draw together what cannot be compared.
    """

    title: str
    column: str | None = None
    dataset: Dataset | None = None
    within: str | None = None
    first: bool = False

    def moves(self, chart: Chart) -> bool:
        """Tell whether the filter changes what a chart shows.

        It does so if the chart's dataset has the column, and the chart does not fix its value.
        """
        if chart.title == ABOUT:
            return False
        if self.column is None:
            return chart.dataset.time is not None
        return self.column in chart.dataset.columns and self.column not in chart.where


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: rows of charts, and filters that readers can set.

    Attributes:
        answer: The rows above the description: what the dashboard says, and the publication.
        rows: The rows below it.
        name: The last part of the dashboard's address (in Superset: the slug).
        number: The place of the dashboard in the order in which it is read, from 1.
        short: The name in the row of links at the top of every dashboard.
    """

    name: str
    number: int
    title: str
    short: str
    description: str
    answer: tuple[tuple[Chart, ...], ...]
    rows: tuple[tuple[Chart, ...], ...]
    filters: tuple[Filter, ...]

    @cached_property
    def charts(self) -> tuple[Chart, ...]:
        """All charts of the dashboard, from the first row to the last."""
        return tuple(chart for row in (*self.answer, *self.rows) for chart in row)


def dashboards(root: Path, kind: WarehouseKind = "force") -> list[Dashboard]:
    """Return all dashboards of a kind of warehouse, in the order of their numbers.

    Raises:
        AssuranceError: If a description cannot be read or names something that does not exist.
    """
    known = datasets(root, kind)
    folder = root / folder_of(kind) / "dashboards"
    return [_dashboard(path, known) for path in sorted(folder.glob("*.yml"))]


def _dashboard(path: Path, known: Mapping[str, Dataset]) -> Dashboard:
    described = read_yaml(path)
    number, _, name = path.stem.partition("-")
    answer, rows = (
        [tuple(_chart(path, one, known) for one in row) for row in described.get(part, ())]
        for part in ("answer", "rows")
    )
    if "points" in described:
        answer.append((_cards(known[CARD], described["points"]),))
    shown = known[described.get("shown", SHOWN)]
    about = Chart(
        title=ABOUT,
        kind="text",
        dataset=shown,
        description="The publication, its checks, and whether its sources are up to date.",
        width=GRID,
        height=8,
        columns=tuple(shown.columns),
    )
    for row in (*answer, *rows):
        if sum(chart.width for chart in row) != GRID:
            raise AssuranceError(f"{path.name}: the row of '{row[0].title}' is not {GRID} wide.")
    dashboard = Dashboard(
        name=name,
        number=int(number),
        title=described["title"],
        short=described["short"],
        description=described["description"],
        answer=(*answer, (about,)),
        rows=tuple(rows),
        filters=tuple(_filter(path, one, known) for one in described.get("filters", ())),
    )
    _check_filters(path, dashboard)
    return dashboard


def _cards(dataset: Dataset, points: Sequence[str]) -> Chart:
    """Return the cards of some points, or of all if none is named."""
    return Chart(
        title=POINTS,
        kind="text",
        dataset=dataset,
        description="Figure, answer, target, second reading, trend, and what to know.",
        width=GRID,
        height=40,
        where={"point_code": points} if points else {},
        columns=tuple(name for name in dataset.columns if name not in KEYS),
        coloured=("answer",),
        sort=("place",),
    )


def _check_filters(path: Path, dashboard: Dashboard) -> None:
    titles = [one.title for one in dashboard.filters]
    for number, one in enumerate(dashboard.filters):
        if one.within and one.within not in titles[:number]:
            raise AssuranceError(f"{path.name}: '{one.title}': no filter '{one.within}' before it.")
        if not any(one.moves(chart) for chart in dashboard.charts):
            raise AssuranceError(f"{path.name}: the filter '{one.title}' moves no chart.")


def _filter(path: Path, described: Mapping[str, Any], known: Mapping[str, Dataset]) -> Filter:
    title, column = described["title"], described.get("column")
    if column is None:
        return Filter(title)
    dataset = known.get(described["from"])
    if dataset is None or column not in dataset.columns:
        raise AssuranceError(f"{path.name}: '{title}': no {column} in {described['from']}.")
    return Filter(title, column, dataset, described.get("within"), described.get("first", False))


def _chart(path: Path, described: Mapping[str, Any], known: Mapping[str, Dataset]) -> Chart:
    where = f"{path.name}: '{described.get('title')}'"
    if described["kind"] not in KINDS:
        raise AssuranceError(f"{where}: there is no kind {described['kind']}.")
    if described["dataset"] not in known:
        raise AssuranceError(f"{where}: datasets.yml has no {described['dataset']}.")
    chart = Chart(
        title=described["title"],
        kind=described["kind"],
        dataset=known[described["dataset"]],
        description=described["description"],
        width=described["width"],
        height=described.get("height", 50),
        where=described.get("where", {}),
        columns=_names(described.get("columns")),
        coloured=_names(described.get("coloured")),
        x=_names(described.get("x")),
        by=_names(described.get("by")),
        values=_values(described, "values"),
        marks=_values(described, "marks"),
        format=described.get("format", "number"),
        sort=_names(described.get("sort")),
        page=described.get("page"),
        look=described.get("look", {}),
    )
    used = {*chart.where, *chart.columns, *chart.coloured, *chart.groups}
    used |= {column for value in (*chart.values, *chart.marks) for column in _used(value)}
    if unknown := sorted(used - set(chart.dataset.columns)):
        raise AssuranceError(f"{where}: {chart.dataset.name} has no {', '.join(unknown)}.")
    return chart


def _values(described: Mapping[str, Any], key: str) -> tuple[Value, ...]:
    return tuple(value for one in described.get(key, ()) for value in described_values(one))


def _used(value: Value) -> tuple[str, ...]:
    return (*value.of, value.only) if value.only else value.of


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())

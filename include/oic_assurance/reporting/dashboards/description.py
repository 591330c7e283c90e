"""Read the descriptions of the dashboards, the YAML files in `include/bi/superset`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards import vocabulary

FOLDER = Path("include") / "bi" / "superset"
QUERIES = Path("include") / "bi" / "queries"

Kind = Literal["table", "number", "line", "bar", "heat_map", "matrix", "flow", "timeline"]
KINDS: tuple[str, ...] = get_args(Kind)
MOMENTS = ("date", "timestamp with time zone")
#: The width of a dashboard, in grid columns. The widths of the charts in a row add up to this
#: number.
GRID = 12
#: The dataset of the first chart of every dashboard. That chart shows the publication, the
#: freshness of the sources and the caveats.
SHOWN = "shown"


@dataclass(frozen=True)
class Column:
    """A column of a dataset.

    Attributes:
        name: The name of the column in the result of the query, or of a computed column.
        type: The SQL type of the column.
        title: The name of the column for readers.
        vocabulary: For a column of codes: the name of the vocabulary that has words for the codes.
        computed: The SQL that computes the column. None if the query returns the column.
    """

    name: str
    type: str
    title: str
    vocabulary: str | None = None
    computed: str | None = None

    @property
    def chart_column(self) -> str:
        """The name of the column that charts use.

        If this column holds codes, charts use a computed column with words for the codes.
        """
        return f"{self.name}_in_words" if self.vocabulary else self.name

    @property
    def expression(self) -> str | None:
        """The SQL that computes `chart_column`, or None if the query returns that column."""
        if self.vocabulary:
            return vocabulary.expression(self.name, self.vocabulary)
        return self.computed


@dataclass(frozen=True)
class Dataset:
    """The data for charts: the result of a query in `include/bi/queries`.

    `sql` is the text of the query. `columns` maps the name of each column to its description.
    """

    name: str
    description: str
    sql: str
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Value:
    """An aggregate that a chart shows.

    Attributes:
        title: The name of the value for readers.
        how: The kind of aggregate. A `share` is the sum of the first column divided by the sum of
            the second column.
        of: The column that is aggregated. For a share: the two columns.
    """

    title: str
    how: Literal["sum", "count", "max", "share"]
    of: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """One chart of a dashboard.

    Attributes:
        width: The width in grid columns. A dashboard has twelve of them.
        height: The height in units of 8 pixels, as Superset counts it.
        where: A filter that maps columns to values. A row is included if it has one of the values
            in each of these columns.
        columns: For a table: the columns to show.
        x: The column of the x axis. For a matrix: the columns whose values are its column heads.
            For a flow: the column of the left side. For a timeline: the columns with the start and
            the end of each bar.
        by: The columns that split the values into series. For a heat map or a matrix: the columns
            whose values are its rows. For a flow: the column of the right side. For a timeline: the
            column whose values are its rows, optionally followed by the column that decides the
            colour of a bar.
        values: The aggregates that the chart shows.
        format: How numbers are written: a key in `charts.FORMATS`.
        sort: The column to sort by. A minus in front means descending order.
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
    x: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    format: str = "number"
    sort: str | None = None
    look: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns by which the values are grouped."""
        return self.x + self.by


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: rows of charts, and filters that readers can set.

    `filters` maps the title of each filter to the dataset and the column to which it applies.
    """

    name: str
    title: str
    description: str
    rows: tuple[tuple[Chart, ...], ...]
    filters: Mapping[str, tuple[str, str]]

    @cached_property
    def charts(self) -> tuple[Chart, ...]:
        """All charts of the dashboard, from the first row to the last."""
        return tuple(chart for row in self.rows for chart in row)


def datasets(root: Path) -> dict[str, Dataset]:
    """Return the datasets described in `datasets.yml`, keyed by name, each with its query's SQL.

    Raises:
        AssuranceError: If the YAML cannot be read, a query is missing, or a vocabulary is unknown.
    """
    described = _yaml(root / FOLDER / "datasets.yml")
    return {name: _dataset(root, name, one) for name, one in described.items()}


def dashboards(root: Path) -> list[Dashboard]:
    """Return all dashboards, sorted by file name.

    Raises:
        AssuranceError: If a description cannot be read or names something that does not exist.
    """
    known = datasets(root)
    return [
        _dashboard(path, known) for path in sorted((root / FOLDER / "dashboards").glob("*.yml"))
    ]


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise AssuranceError(f"{path}: cannot be read: {error}.") from error


def _dataset(root: Path, name: str, described: Mapping[str, Any]) -> Dataset:
    path = root / QUERIES / f"{name}.sql"
    if not path.exists():
        raise AssuranceError(f"datasets.yml: {name} has no {path}.")
    columns = {column: Column(column, *given) for column, given in described["columns"].items()} | {
        column: Column(column, "text", one["title"], computed=_computed(one))
        for column, one in described.get("computed", {}).items()
    }
    for column in columns.values():
        if column.vocabulary and column.vocabulary not in vocabulary.VOCABULARIES:
            raise AssuranceError(
                f"datasets.yml: {name}.{column.name}: no vocabulary {column.vocabulary}."
            )
    return Dataset(name, described["description"], path.read_text(encoding="utf-8"), columns)


def _computed(described: Mapping[str, str]) -> str:
    """Return the SQL of a computed column.

    The description either gives this SQL or names another column. If it names a column, the SQL
    turns that column's codes into words.
    """
    if "words" in described:
        return vocabulary.expression(described["of"], described["words"])
    return " ".join(described["sql"].split())


def _dashboard(path: Path, known: Mapping[str, Dataset]) -> Dashboard:
    described = _yaml(path)
    points = described.get("points")
    first = Chart(
        title="About this publication",
        kind="table",
        dataset=known[SHOWN],
        description="The publication, how fresh its sources are, and the caveats of each point.",
        width=GRID,
        height=12 + 4 * (len(points) if points else 4),
        where={"point_code": points} if points else {},
        columns=tuple(known[SHOWN].columns),
    )
    rows = [tuple(_chart(path, one, known) for one in row) for row in described["rows"]]
    for row in rows:
        if sum(chart.width for chart in row) != GRID:
            raise AssuranceError(f"{path.name}: the row of '{row[0].title}' is not {GRID} wide.")
    return Dashboard(
        name=path.stem.partition("-")[2],
        title=described["title"],
        description=described["description"],
        rows=((first,), *rows),
        filters={
            title: (dataset, column)
            for title, (dataset, column) in described.get("filters", {}).items()
        },
    )


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
        x=_names(described.get("x")),
        by=_names(described.get("by")),
        values=tuple(_value(one) for one in described.get("values", ())),
        format=described.get("format", "number"),
        sort=described.get("sort"),
        look=described.get("look", {}),
    )
    used = {*chart.where, *chart.columns, *chart.groups}
    used |= {column for value in chart.values for column in value.of}
    if unknown := sorted(used - set(chart.dataset.columns)):
        raise AssuranceError(f"{where}: {chart.dataset.name} has no {', '.join(unknown)}.")
    return chart


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def _value(described: Mapping[str, Any]) -> Value:
    (how,) = (name for name in ("sum", "count", "max", "share") if name in described)
    return Value(described["title"], how, _names(described[how]))  # type: ignore[arg-type]

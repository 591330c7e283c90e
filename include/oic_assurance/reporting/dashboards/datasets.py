"""Read the descriptions of the datasets of the dashboards, `include/bi/superset/datasets.yml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards import vocabulary
from oic_assurance.settings import Kind as WarehouseKind
from oic_assurance.sources.declarations.yaml_lines import load_yaml

FOLDER = Path("include") / "bi" / "superset"
QUERIES = Path("include") / "bi" / "queries"
#: The part of these folders that is for the national warehouse.
NATIONAL = "national"
MOMENTS = ("date", "timestamp with time zone")
_MART = re.compile(r"\bmarts\.(\w+)")
_OR_MISSING = (
    "coalesce((select max(missing.words) from marts.publication as publication "
    "cross join lateral state.missing_tables(publication.publication_id) as missing "
    "where publication.is_current and missing.table_name in ({})), {})"
)
_SPACE = UUID("6c1f7c0e-59c7-4d0e-9a38-6f1e6a0f3c52")


@dataclass(frozen=True)
class Column:
    """A column of a dataset.

    Attributes:
        name: The name of the column in the result of the query, or of a computed column.
        type: The SQL type of the column.
        title: The name of the column for readers.
        vocabulary: For a column of codes: the set of codes that has words for them.
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

        For a column of codes or of true and false, it is a computed column with words.
        """
        has_words = self.vocabulary or self.type == "boolean"
        return f"{self.name}_in_words" if has_words else self.name

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers."""
        return self.type in ("bigint", "integer", "double precision")

    @property
    def expression(self) -> str | None:
        """The SQL that computes `chart_column`, or None if the query returns that column."""
        if self.vocabulary:
            return vocabulary.expression(self.name, self.vocabulary)
        if self.type == "boolean":
            return f"case {self.name} when true then 'Yes' when false then 'No' end"
        return self.computed


@dataclass(frozen=True)
class Dataset:
    """The data for charts: the result of a query in `include/bi/queries`.

    Attributes:
        name: The name of the dataset. Its query has the same name.
        description: What a row of the dataset is.
        query: The text of the query.
        columns: The description of each column, keyed by the column's name.
        time: The date column that a filter on a period applies to. None if the rows have no date.
        level: The column with the level of a row's unit, from 0 for the whole force to 2 for a
            team. None if the dataset has only one level. Figures of several levels overlap, so a
            chart never adds them up.
        if_empty: The values of the single row that the dataset has if the query returns no row.
            Its words say that nothing is to be done. If the publication does not have a mart of the
            query, because an earlier version made it, the words say so instead.
        has_records: Whether a row is a record. Only the role for records sees such a dataset.
    """

    name: str
    description: str
    query: str
    columns: Mapping[str, Column]
    time: str | None = None
    level: str | None = None
    if_empty: Mapping[str, str | int | None] = field(default_factory=dict)
    has_records: bool = False

    @property
    def sql(self) -> str:
        """The SQL of the dataset: the query and, if the query can be empty, the row with words."""
        if not self.if_empty:
            return self.query
        given = [one for one in self.columns.values() if not one.computed]
        names = ",\n    ".join(one.name for one in given)
        row = ",\n    ".join(f"{self._if_empty(one)} as {one.name}" for one in given)
        lines = ["with answer as (", self.query.rstrip(), ")", "", "select", f"    {names}"]
        lines += ["from answer", "union all", "select", f"    {row}"]
        return "\n".join([*lines, "where not exists (select 1 from answer)", ""])

    def _if_empty(self, column: Column) -> str:
        value = self.if_empty.get(column.name)
        literal = "null" if value is None else str(value)
        if isinstance(value, str):
            literal = _quoted(value)
            if marts := dict.fromkeys(_MART.findall(self.query)):
                # A publication of an earlier version may not have the mart.
                literal = _OR_MISSING.format(", ".join(map(_quoted, marts)), literal)
        return f"cast({literal} as {column.type})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        AssuranceError: If the file cannot be read.
    """
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise AssuranceError(f"{path}: cannot be read: {error}.") from error


def uuid(*names: str) -> str:
    """Return the UUID for a sequence of names. The same names give the same UUID."""
    return str(uuid5(_SPACE, "/".join(names)))


def folder_of(kind: WarehouseKind) -> Path:
    """Return the folder of the dashboards of a kind of warehouse."""
    return FOLDER / NATIONAL if kind == NATIONAL else FOLDER


def datasets(root: Path, kind: WarehouseKind = "force") -> dict[str, Dataset]:
    """Return the datasets described in `datasets.yml`, keyed by name, each with its query's SQL.

    Raises:
        AssuranceError: If the YAML cannot be read, a query is missing, a vocabulary is unknown, or
            a description names a column that the dataset does not have.
    """
    described = read_yaml(root / folder_of(kind) / "datasets.yml")
    queries = root / QUERIES / NATIONAL if kind == NATIONAL else root / QUERIES
    return {name: _dataset(queries, name, one) for name, one in described.items()}


def _dataset(queries: Path, name: str, described: Mapping[str, Any]) -> Dataset:
    path = queries / f"{described.get('query', name)}.sql"
    if not path.exists():
        raise AssuranceError(f"datasets.yml: {name} has no {path}.")
    columns = {column: Column(column, *given) for column, given in described["columns"].items()} | {
        column: Column(column, "text", one["title"], computed=" ".join(one["sql"].split()))
        for column, one in described.get("computed", {}).items()
    }
    for column in columns.values():
        if column.vocabulary and column.vocabulary not in vocabulary.VOCABULARIES:
            raise AssuranceError(
                f"datasets.yml: {name}.{column.name}: no vocabulary {column.vocabulary}."
            )
    dataset = Dataset(
        name=name,
        description=described["description"],
        query=path.read_text(encoding="utf-8"),
        columns=columns,
        time=described.get("time"),
        level=described.get("level"),
        if_empty=described.get("if_empty", {}),
        has_records=described.get("has_records", False),
    )
    named = {one for one in (dataset.time, dataset.level) if one} | {*dataset.if_empty}
    if unknown := sorted(named - {*columns}):
        raise AssuranceError(f"datasets.yml: {name} has no {', '.join(unknown)}.")
    return dataset

"""Say of each column of a mart from which columns of the sources it is computed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.builds.column_lineage import Input
from oic_assurance.builds.compiled import Compiled, read_compiled
from oic_assurance.reporting.documents.marts import Mart
from oic_assurance.reporting.documents.pages import page_file
from oic_assurance.reporting.site.column_drawing import column_picture
from oic_assurance.reporting.site.deciding import deciding_columns
from oic_assurance.reporting.site.drawing import fill
from oic_assurance.sources.declarations.load import datasets

#: The file beside dbt's manifest that remembers what sqlglot found.
_MEMORY = "column_lineage.json"
_PROJECT = "oic_assurance"
_NO_MODEL = "a view over the record of all publications, which no model computes"


@dataclass(frozen=True)
class Origin:
    """Where a column comes from in the end.

    Attributes:
        columns: The columns of sources, seeds and the warehouse's own tables whose values enter the
            column.
        reason: Why there is no such column, or None if there is one.
    """

    columns: tuple[Input, ...]
    reason: str | None


class Lineage:
    """The inputs of every column of every model, and the tables that are not models."""

    def __init__(self, compiled: Compiled) -> None:
        self.manifest = compiled.manifest
        self._nodes, self._columns = compiled.nodes, compiled.columns
        self._datasets = {
            (f"raw_{one.classification}", table.name): one
            for one in datasets().values()
            for table in one.tables
        }

    @classmethod
    def of(cls, folder: Path) -> "Lineage":
        """Read the lineage of a compiled project from dbt's target folder.

        Raises:
            OSError: There is no manifest, or the file with what was found cannot be written.
        """
        return cls(read_compiled(folder, folder / _MEMORY))

    def inputs(self, model: str, column: str) -> tuple[Input, ...]:
        """Return the columns of its parents from which a column of a model is computed."""
        return self._columns.get(_key(model), {}).get(column, ())

    def origin(self, model: str, column: str, within: Collection[str] = ()) -> Origin:
        """Return where a column of a model comes from in the end.

        If `within` names models, only paths through these models are followed.
        """
        return self.origin_of([Input(_key(model), column)], within)

    def origin_of(self, columns: Iterable[Input], within: Collection[str] = ()) -> Origin:
        """Return where columns come from in the end, like `origin`."""
        found: set[Input] = set()
        ends: set[str] = set()
        waiting, seen = list(columns), set()
        asked = set(waiting)
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            if within and one.table.startswith("model.") and self.name(one.table) not in within:
                continue
            if not one.table.startswith("model."):
                found.add(one)
            elif one.column not in self._columns.get(one.table, {}):
                ends.add(f"`{self.name(one.table)}` is not traced: its SQL depends on a server")
            else:
                inputs = self._columns[one.table][one.column]
                waiting += inputs
                if not inputs and "policy" in self._nodes[one.table].get("fqn", ()):
                    # What is declared of measures is policy too, made into a table.
                    found.add(one)
                elif not inputs:
                    place = "" if one in asked else f" in `{self.label(one)}`"
                    ends.add(f"a fixed value or a number of rows{place}")
        return Origin(tuple(sorted(found)), None if found else "; ".join(sorted(ends)))

    def deciding(self, models: Collection[str]) -> dict[str, tuple[Input, ...]]:
        """Return the columns in the joins and filters of models, keyed by the models' names."""
        found = deciding_columns(self.manifest, {_key(model) for model in models})
        return {self.name(key): inputs for key, inputs in found.items()}

    def name(self, table: str) -> str:
        """Return the name of a table by its ID: `schema.name` for the warehouse's own tables."""
        node = self._nodes.get(table)
        if node is None:
            return table.rpartition(".")[2]
        if node["resource_type"] == "source":
            dataset = self._datasets.get((node["schema"], node["name"]))
            if dataset is None:
                return f"{node['schema']}.{node['name']}"
            several = len(dataset.tables) > 1
            return f"{dataset.name} ({node['name']})" if several else dataset.name
        return str(node["name"])

    def label(self, one: Input) -> str:
        """Return a column with the name of its table."""
        return f"{self.name(one.table)}.{one.column}"

    def page(self, table: str, up: str, dbt_docs: str) -> str:
        """Return the link to the page about a table. `up` leads from a page to the folder docs."""
        node = self._nodes[table]
        dataset = self._datasets.get((node["schema"], node["name"]))
        if node["resource_type"] == "source" and dataset:
            return f"{up}datasets/{page_file(dataset)}"
        return f"{up}{dbt_docs}#!/{node['resource_type']}/{table}"

    def in_words(self, columns: Iterable[Input], up: str, dbt_docs: str) -> str:
        """Return columns in Markdown, each table with a link and its columns."""
        tables: dict[str, list[str]] = {}
        for one in columns:
            tables.setdefault(one.table, []).append(f"`{one.column}`")
        return "; ".join(
            f"[{self.name(table)}]({self.page(table, up, dbt_docs)}): {', '.join(sorted(names))}"
            for table, names in sorted(tables.items(), key=lambda item: self.name(item[0]))
        )


def mart_section(mart: Mart, lineage: Lineage, up: str, dbt_docs: str) -> str:
    """Return, in Markdown, the part of a mart's page that says where its columns come from.

    `up` leads from the page to the folder docs, and `dbt_docs` is the page of dbt in that folder.
    """
    model = model_of(mart)
    origins = {column.name: origin_of(mart, column.name, lineage) for column in mart.columns}
    inputs = {name: lineage.inputs(model, name) if model else () for name in origins}
    picture = column_picture(
        f"The columns of {mart.name}, and the columns from which they are computed",
        mart.name,
        {name: [(lineage.name(i.table), i.column) for i in of] for name, of in inputs.items()},
    )
    return fill(
        "mart.md.j2",
        model=model,
        no_model=_NO_MODEL,
        origins=origins,
        inputs=inputs,
        picture=picture,
        say=lambda columns: lineage.in_words(columns, up, dbt_docs),
    )


def origin_of(mart: Mart, column: str, lineage: Lineage) -> Origin:
    """Return where a column of a mart comes from in the end."""
    model = model_of(mart)
    return Origin((), _NO_MODEL) if model is None else lineage.origin(model, column)


def model_of(mart: Mart) -> str | None:
    """Return the name of the model that computes a mart, or None for a view."""
    if mart.is_view:
        return None
    return f"public_{mart.name}" if mart.schema == "public_release" else mart.name


def _key(model: str) -> str:
    return f"model.{_PROJECT}.{model}"

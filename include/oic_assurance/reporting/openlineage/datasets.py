"""Source datasets and tables of the warehouse as OpenLineage describes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    datasource_dataset,
    documentation_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    ownership_dataset,
    schema_dataset,
)

from oic_assurance.builds.column_lineage import Columns
from oic_assurance.reporting.openlineage.names import Place, Places
from oic_assurance.sources.declarations.model import Dataset, Table

OWNER = "data engineering"
_Assertion = data_quality_assertions_dataset.Assertion


@dataclass(frozen=True)
class Described:
    """A dataset with the facets that do not depend on a run."""

    place: Place
    facets: Mapping[str, DatasetFacet]

    def read(
        self,
        *,
        rows: int | None = None,
        checks: Sequence[_Assertion] = (),
        in_full: bool = False,
    ) -> InputDataset:
        """Return the dataset as the input of a job, with the rows read and the checks made.

        The facets that describe the dataset are left out unless it is wanted `in_full`, because the
        event of the job that wrote the dataset has them.
        """
        found: dict[str, Any] = {}
        if rows is not None:
            found["inputStatistics"] = (
                input_statistics_input_dataset.InputStatisticsInputDatasetFacet(rowCount=rows)
            )
        if checks:
            found["dataQualityAssertions"] = (
                data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(list(checks))
            )
        place, facets = self.place, dict(self.facets) if in_full else {}
        return InputDataset(place.namespace, place.name, inputFacets=found, facets=facets)

    def written(self, *, rows: int | None = None, version: str | None = None) -> OutputDataset:
        """Return the dataset as the output of a job, with the rows written and the version."""
        found: dict[str, Any] = {}
        if rows is not None:
            found["outputStatistics"] = (
                output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=rows)
            )
        facets = dict(self.facets)
        if version is not None:
            facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(version)
        place = self.place
        return OutputDataset(place.namespace, place.name, outputFacets=found, facets=facets)


def source_dataset(places: Places, dataset: Dataset) -> Described:
    """Return a source dataset as its owner delivers it."""
    columns = [
        (column.name, column.type, column.description)
        for table in dataset.tables
        for column in table.columns
    ]
    return _described(places.source(dataset), dataset.description, dataset.owner, columns)


def raw_table(places: Places, dataset: Dataset, table: Table) -> Described:
    """Return a raw table, with a column lineage that leads to the source dataset."""
    place, source = places.raw(dataset, table), places.source(dataset)
    columns = [
        (name, kind, dataset.describe(table, name))
        for name, kind in dataset.content_columns(table).items()
    ]
    lineage = {
        name: [(source, delivered)]
        for name, _, _ in columns
        if (delivered := _delivered(table, name)) is not None
    }
    return _described(place, table.description, dataset.owner, columns, lineage)


def model_table(
    places: Places, node: Mapping[str, Any], lineage: Mapping[str, Sequence[tuple[Place, str]]]
) -> Described:
    """Return the table of a dbt model, seed or source, from its node in dbt's manifest."""
    place = places.table(node["schema"], node.get("alias") or node["identifier"])
    return _described(place, node["description"], OWNER, _columns_of(node), lineage)


def plain_table(place: Place, description: str) -> Described:
    """Return a table of the warehouse whose columns no reader may know."""
    return _described(place, description, OWNER, ())


def published_table(
    places: Places, node: Mapping[str, Any], to: tuple[str, str], source: tuple[str, str]
) -> Described:
    """Return a table of a publication, whose columns are those of another table.

    `to` and `source` are the schema and name of the table and of that other table.
    """
    lineage = {column: [(places.table(*source), column)] for column in node["columns"]}
    return _described(places.table(*to), node["description"], OWNER, _columns_of(node), lineage)


def lineage_of(
    columns: Columns, place_of: Mapping[str, Place]
) -> dict[str, list[tuple[Place, str]]]:
    """Return a model's column lineage with the places of tables instead of dbt's IDs."""
    return {
        column: [(place_of[one.table], one.column) for one in inputs if one.table in place_of]
        for column, inputs in columns.items()
    }


def assertion(
    name: str,
    *,
    passed: bool,
    severity: str,
    description: str,
    column: str | None = None,
    failed_rows: int | None = None,
) -> _Assertion:
    """Return the result of a check. It names counts and no values."""
    return _Assertion(
        assertion=name,
        name=name,
        success=passed,
        # The common words in OpenLineage are `error` and `warn`.
        severity={"critical": "error", "warning": "warn"}.get(severity, severity),
        description=description,
        column=column,
        actual=None if failed_rows is None else f"{failed_rows} rows failed",
        params=None,
    )


def _columns_of(node: Mapping[str, Any]) -> list[tuple[str, str | None, str]]:
    return [
        (name, column["data_type"], column["description"])
        for name, column in node["columns"].items()
    ]


def _delivered(table: Table, name: str) -> str | None:
    """Return the delivered column that a column of raw comes from."""
    for candidate in (name, name.removesuffix("_text"), name.removesuffix("_is_ambiguous")):
        if candidate in table.names:
            return candidate
    return None


def _described(
    place: Place,
    description: str,
    owner: str,
    columns: Iterable[tuple[str, str | None, str]],
    lineage: Mapping[str, Sequence[tuple[Place, str]]] | None = None,
) -> Described:
    facets: dict[str, DatasetFacet] = {
        "dataSource": datasource_dataset.DatasourceDatasetFacet(
            name=place.namespace, uri=place.namespace
        ),
        "documentation": documentation_dataset.DocumentationDatasetFacet(description),
        "ownership": ownership_dataset.OwnershipDatasetFacet(
            [ownership_dataset.Owner(owner, "OWNER")]
        ),
        "schema": schema_dataset.SchemaDatasetFacet(
            [
                schema_dataset.SchemaDatasetFacetFields(name, kind, text or None, fields=None)
                for name, kind, text in columns
            ]
        ),
    }
    known = {column: inputs for column, inputs in (lineage or {}).items() if inputs}
    if known:
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            {column: _fields(inputs) for column, inputs in known.items()}, dataset=None
        )
    return Described(place, facets)


def _fields(inputs: Sequence[tuple[Place, str]]) -> column_lineage_dataset.Fields:
    return column_lineage_dataset.Fields(
        [
            column_lineage_dataset.InputField(
                place.namespace, place.name, column, transformations=None
            )
            for place, column in inputs
        ]
    )

"""Generate dbt's source files from the declarations: raw tables, columns, owners and retention."""

from collections.abc import Iterable
from typing import Any, Literal

import yaml

from oic_assurance.sources.declarations.model import PROVENANCE, Dataset, Table

Classification = Literal["law_enforcement", "general"]

#: The description of each dbt source. There is one source for each classification of datasets,
#: which says under which part of data protection law the records are processed.
SOURCES: dict[Classification, str] = {
    "general": "Records under general processing (UK GDPR). Each table has every landed version.",
    "law_enforcement": "Records under law-enforcement processing (DPA 2018, Part 3). Each table "
    "has every landed version.",
}
#: The dbt source of the national warehouse, and its description.
NATIONAL = "national"
NATIONAL_SOURCE = (
    "What forces have published, for the national warehouse only. Each table has every landed "
    "version."
)
LINE_LENGTH = 150


def sources_file(classification: str) -> str:
    """Return the name of the file of a dbt source, in a folder of staging models."""
    return f"_{classification}__sources.yml"


def sources_yaml(classification: Classification, datasets: Iterable[Dataset]) -> str:
    """Return the YAML of the dbt source for one classification of a force's datasets."""
    chosen = [dataset for dataset in datasets if dataset.classification == classification]
    schema = f"raw_{classification}"
    return _yaml(classification, schema, SOURCES[classification], chosen)


def national_sources_yaml(datasets: Iterable[Dataset]) -> str:
    """Return the YAML of the dbt source of the national warehouse."""
    return _yaml(NATIONAL, "raw_general", NATIONAL_SOURCE, datasets)


def _yaml(name: str, schema: str, description: str, datasets: Iterable[Dataset]) -> str:
    source = {
        "name": name,
        "schema": schema,
        "description": description,
        "tables": [_table(dataset, table) for dataset in datasets for table in dataset.tables],
    }
    return dbt_yaml({"version": 2, "sources": [source]})


def dbt_yaml(content: dict[str, Any], *, has_long_values: bool = False) -> str:
    """Return the text of a YAML file of the dbt project.

    If values are long, each has a line of its own.
    """
    return yaml.dump(
        content,
        Dumper=_Indented,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False if has_long_values else None,
        width=LINE_LENGTH,
    )


def _table(dataset: Dataset, table: Table) -> dict[str, Any]:
    config = {
        "meta": {
            "dataset": dataset.name,
            "owner": dataset.owner,
            "classification": dataset.classification,
            "delivery": dataset.delivery,
            "key": list(table.key),
            "retention_years": dataset.retention.years,
            "retention_basis": dataset.retention.basis,
        },
    }
    return {
        "name": table.name,
        "description": f"{table.description.strip().rstrip('.')}. "
        "The table has every landed version.",
        "config": config,
        "columns": [
            {
                "name": name,
                "data_type": kind.removesuffix(" not null"),
                "description": dataset.describe(table, name),
            }
            for name, kind in (dataset.content_columns(table) | PROVENANCE).items()
        ],
    }


class _Indented(yaml.SafeDumper):
    """Write YAML with indented list items and without aliases for repeated values."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True

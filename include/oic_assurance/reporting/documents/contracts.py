"""Generate a data contract for each dataset and each mart, in the Open Data Contract Standard.

The owner of a source system signs what we expect from it, and a BI team sees what it may build on.
The standard is at https://bitol-io.github.io/open-data-contract-standard/.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import yaml

from oic_assurance.builds.seeds import FROM, TO, Row
from oic_assurance.reporting.documents.dictionary import relating_column
from oic_assurance.reporting.documents.marts import Mart, MartColumn
from oic_assurance.sources.declarations.model import Column, DatabasePlace, Dataset, Table

STANDARD = "v3.1.0"
#: The version of both interfaces: the source contract and the mart contract.
VERSION = "2.0.0"
_TYPES = {
    "text": "string",
    "bigint": "integer",
    "integer": "integer",
    "numeric": "number",
    "double precision": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamptz": "timestamp",
    "timestamp with time zone": "timestamp",
    "timestamp without time zone": "timestamp",
}
_CLASSIFICATION = {
    "general": "OFFICIAL-SENSITIVE, general processing (UK GDPR)",
    "law_enforcement": "OFFICIAL-SENSITIVE, law enforcement processing (DPA 2018, Part 3)",
}

_READER_LOGIN = "`assurance db url bi` prints the address and the login."
_SOURCE_LOGIN = (
    "The source system. Its owner gives the address and the login: see docs/contracts/README.md."
)


def contracts(
    datasets: Iterable[Dataset], marts: Iterable[Mart], stale_after: Mapping[str, Sequence[Row]]
) -> dict[str, str]:
    """Return the text of each contract, keyed by file name.

    `stale_after` has the rows that say after how many days a dataset is stale, keyed by dataset.
    """
    of_sources = {
        f"source.{one.name.replace('/', '.')}.odcs.yaml": _of_dataset(
            one, stale_after.get(one.name, ())
        )
        for one in datasets
    }
    of_marts = {f"{mart.place}.odcs.yaml": _of_mart(mart) for mart in marts}
    return {
        name: yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, width=120)
        for name, contract in (of_sources | of_marts).items()
    }


def _contract(name: str, purpose: str, tables: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": STANDARD,
        "kind": "DataContract",
        "id": f"urn:oic-assurance:{name}",
        "name": name,
        "version": VERSION,
        "status": "active",
        "domain": "organised immigration crime",
        "description": {"purpose": purpose},
        "schema": tables,
    }


def _of_dataset(dataset: Dataset, stale_after: Iterable[Row]) -> dict[str, Any]:
    contract = _contract(
        f"source.{dataset.name.replace('/', '.')}",
        dataset.description,
        [_table(dataset, table) for table in dataset.tables],
    )
    contract["team"] = {"name": dataset.owner}
    if isinstance(dataset.place, DatabasePlace):
        place = dataset.place
        contract["servers"] = [_server("source", place.system, place.schema, _SOURCE_LOGIN)]
    levels = [_frequency(row) for row in sorted(stale_after, key=itemgetter(FROM))]
    levels.append(
        {
            "property": "retention",
            "value": dataset.retention.years,
            "unit": "y",
            "description": dataset.retention.basis,
        }
    )
    return contract | {"slaProperties": levels}


def _frequency(row: Row) -> dict[str, Any]:
    """Return the level of service for the days of a row. A contract has one for each row."""
    days = f"from {row[FROM]}" + (f" to {row[TO]}" if row[TO] else "")
    return {
        "property": "frequency",
        "value": row["stale_after_days"],
        "unit": "d",
        "description": f"After this time without a delivery, the dataset is stale ({days}).",
    }


def _table(dataset: Dataset, table: Table) -> dict[str, Any]:
    place = dataset.place
    if isinstance(place, DatabasePlace):
        name, kind = place.table, "table"
    else:
        name, kind = f"{place.folder}/{place.file}", "file"
        if table.sheet:
            name += f", sheet {table.sheet}"
    return {
        "name": table.name,
        "physicalName": name,
        "physicalType": kind,
        "logicalType": "object",
        "description": table.description,
        "properties": [
            _source_property(column, table, _CLASSIFICATION[dataset.classification])
            for column in table.columns
        ],
    }


def _source_property(column: Column, table: Table, classification: str) -> dict[str, Any]:
    # Of some texts, landing stores only whether there is one. The source still delivers a text.
    kind = "text" if column.presence else column.type
    found: dict[str, Any] = {
        "name": column.name,
        "logicalType": _TYPES[kind],
        "physicalType": kind,
        "description": column.description,
        "required": column.required,
        "classification": classification,
    }
    if column.name in table.key:
        found |= {"primaryKey": True, "primaryKeyPosition": table.key.index(column.name) + 1}
    if column.is_replaced:
        return found  # Any text is accepted, so nothing more is asked of the owner.
    if column.pattern:
        found["logicalTypeOptions"] = {"pattern": column.pattern}
    if column.codes:
        found["quality"] = [
            {
                "type": "library",
                "metric": "invalidValues",
                "arguments": {"validValues": list(column.codes)},
                "mustBe": 0,
                "description": "A row with another value is rejected.",
            }
        ]
    return found


def _server(name: str, database: str, schema: str, description: str) -> dict[str, Any]:
    """Return where a contract's tables are. Whoever tests the contract gives host and login."""
    return {
        "server": name,
        "type": "postgres",
        "description": description,
        "host": "localhost",
        "port": 5432,
        "database": database,
        "schema": schema,
    }


def _of_mart(mart: Mart) -> dict[str, Any]:
    table = {
        "name": mart.name,
        "physicalName": mart.name,
        "physicalType": "table",
        "logicalType": "object",
        "description": mart.description,
        "properties": [_mart_property(column, mart) for column in mart.columns],
    }
    return _contract(mart.place, mart.description, [table]) | {
        "servers": [_server("warehouse", "warehouse", mart.schema, _READER_LOGIN)],
        "slaProperties": [
            {
                "property": "frequency",
                "value": 1,
                "unit": "d",
                "description": "A run each day at 05:30 (Europe/London). A failed run leaves the "
                "previous publication in place.",
            }
        ],
    }


def _mart_property(column: MartColumn, mart: Mart) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": column.name,
        "logicalType": _TYPES.get(column.type, "number"),
        "physicalType": column.type,
        "description": column.description,
        "examples": list(column.examples),
    }
    if column.name in mart.primary_key:
        found |= {
            "required": True,
            "primaryKey": True,
            "primaryKeyPosition": mart.primary_key.index(column.name) + 1,
        }
    related = [
        f"{key.table}.{relating_column(key)[1]}"
        for key in mart.references
        if relating_column(key)[0] == column.name
    ]
    if related:
        found["relationships"] = [{"type": "foreignKey", "to": to} for to in related]
    return found

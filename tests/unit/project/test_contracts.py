"""The data contracts follow the Open Data Contract Standard, and keep what others build on."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from jsonschema.protocols import Validator
from open_data_contract_standard.model import OpenDataContractStandard

from oic_assurance.reporting.documents.marts import marts, views
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import datasets

PROJECT = load_settings().project_root
FOLDER = PROJECT / "docs" / "contracts"
CONTRACTS = sorted(FOLDER.glob("*.odcs.yaml"))
CONSUMERS = yaml.safe_load((FOLDER / "consumers.yml").read_text(encoding="utf-8"))
TYPES = {
    mart.name: {column.name: column.type for column in mart.columns}
    for mart in marts(PROJECT)
    if mart.schema == "marts"
}


@pytest.fixture(scope="module")
def standard() -> Validator:
    schema = files("open_data_contract_standard") / "schema.json"
    return Draft201909Validator(json.loads(schema.read_text(encoding="utf-8")))


def test_every_dataset_and_every_mart_has_a_contract() -> None:
    wanted = {f"source.{name.replace('/', '.')}.odcs.yaml" for name in datasets()}
    wanted |= {f"{mart.place}.odcs.yaml" for mart in [*marts(PROJECT), *views(PROJECT)]}
    assert {path.name for path in CONTRACTS} == wanted


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_a_contract_follows_the_standard(path: Path, standard: Validator) -> None:
    text = path.read_text(encoding="utf-8")
    assert [error.message for error in standard.iter_errors(yaml.safe_load(text))] == []
    contract = OpenDataContractStandard.from_string(text)
    assert contract.schema_ is not None
    assert all(table.properties for table in contract.schema_)


def broken(consumer: dict[str, Any], types: dict[str, dict[str, str]]) -> list[str]:
    """Return one sentence for each column of a consumer that is gone or has another type."""
    found = []
    for mart, columns in consumer["marts"].items():
        for column, wanted in columns.items():
            has = types.get(mart, {}).get(column)
            if has != wanted:
                found.append(
                    f"{consumer['consumer']} ({consumer['contact']}) builds on {mart}.{column} as "
                    f"{wanted}, which is {'gone' if has is None else has}."
                )
    return found


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda consumer: consumer["consumer"])
def test_no_change_breaks_a_consumer(consumer: dict[str, Any]) -> None:
    assert broken(consumer, TYPES) == []


def test_a_broken_consumer_is_named() -> None:
    consumer = {
        "consumer": "A report",
        "contact": "ann",
        "marts": {"m": {"a": "text", "b": "date"}},
    }
    assert broken(consumer, {"m": {"a": "bigint"}}) == [
        "A report (ann) builds on m.a as text, which is bigint.",
        "A report (ann) builds on m.b as date, which is gone.",
    ]

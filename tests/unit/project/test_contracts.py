"""The data contracts follow the Open Data Contract Standard, and keep what others build on."""

import copy
import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from jsonschema.protocols import Validator

from oic_assurance.reporting.documents.generated import contracts
from oic_assurance.reporting.documents.marts import marts, views
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import datasets

PROJECT = load_settings().project_root
FOLDER = PROJECT / "docs" / "contracts"
CONTRACTS = sorted(FOLDER.glob("*.odcs.yaml"))
AGREED = yaml.safe_load((FOLDER / "agreed.yml").read_text(encoding="utf-8"))
CONSUMERS = yaml.safe_load((FOLDER / "consumers.yml").read_text(encoding="utf-8"))


def types(project: Path) -> dict[str, dict[str, str]]:
    """Return the type of each column of each mart."""
    return {
        mart.name: {column.name: column.type for column in mart.columns}
        for mart in marts(project)
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
    from open_data_contract_standard.model import OpenDataContractStandard

    text = path.read_text(encoding="utf-8")
    content = yaml.load(text, yaml.CSafeLoader)
    assert [error.message for error in standard.iter_errors(content)] == []
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
    assert broken(consumer, types(PROJECT)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [({"name": "complies"}, "is gone."), ({"data_type": "text"}, "is text.")],
    ids=["renamed", "another type"],
)
def test_a_changed_model_breaks_the_consumers_that_build_on_it(
    change: dict[str, str], said: str, tmp_path: Path
) -> None:
    """dbt enforces the YAML of a mart, so the YAML says what readers get."""
    shutil.copytree(PROJECT / "dbt_project" / "models", tmp_path / "dbt_project" / "models")
    file = tmp_path / "dbt_project/models/marts/core/fct_nccu_referral.yml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    (column,) = [one for one in content["models"][0]["columns"] if one["name"] == "is_compliant"]
    accepted = {"accepted_values": {"arguments": {"values": ["true", "false"]}}}
    column.update({"data_tests": [accepted], **change})
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    found = [line for one in CONSUMERS for line in broken(one, types(tmp_path))]
    assert found == [
        "Reports built on the mart contract, second version (the data engineers of the warehouse) "
        f"builds on fct_nccu_referral.is_compliant as boolean, which {said}"
    ]


@pytest.fixture(scope="module")
def delivered() -> dict[str, dict[str, Any]]:
    """What the contract of each dataset asks of its owner, from the declarations."""
    texts = [text for name, text in contracts(PROJECT).items() if name.startswith("source.")]
    return {one["name"]: one for one in (yaml.load(text, yaml.CSafeLoader) for text in texts)}


def asked(column: dict[str, Any]) -> str:
    """Return what a contract asks of a column, such as `text, required, one of OPEN CLOSED`."""
    codes = [rule["arguments"]["validValues"] for rule in column.get("quality", [])]
    parts = [column["physicalType"], *(["required"] if column["required"] else [])]
    return ", ".join([*parts, *(f"one of {' '.join(values)}" for values in codes)])


def disagreements(agreed: list[dict[str, Any]], now: dict[str, dict[str, Any]]) -> list[str]:
    """Return one sentence for each column that is not as an owner has agreed to it."""
    found = []
    for entry in agreed:
        contract = now.get(entry["contract"], {"schema": []})
        columns = {
            f"{table['name']}.{column['name']}": asked(column)
            for table in contract["schema"]
            for column in table["properties"]
        }
        before = {
            f"{table}.{column}": what
            for table, listed in entry["tables"].items()
            for column, what in listed.items()
        }
        found += [
            f"{entry['owner']} has to agree first: {entry['contract']}: {name} was "
            f"{before.get(name, 'not asked for')}, and is {columns.get(name, 'not asked for')}."
            for name in sorted(before.keys() | columns.keys())
            if before.get(name) != columns.get(name)
        ]
    return found


def test_nothing_else_is_asked_than_an_owner_has_agreed_to(
    delivered: dict[str, dict[str, Any]],
) -> None:
    assert disagreements(AGREED, delivered) == []
    for entry in AGREED:
        assert entry["owner"] == delivered[entry["contract"]]["team"]["name"]


OWNER = "Human resources, workforce data has to agree first: source.hr.personnel: "


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda columns: columns.pop(0),
            ["personnel.employee_no was text, required, and is not asked for."],
        ),
        (
            lambda columns: columns[0].update(name="staff_no"),
            [
                "personnel.employee_no was text, required, and is not asked for.",
                "personnel.staff_no was not asked for, and is text, required.",
            ],
        ),
        (
            lambda columns: columns[0].update(physicalType="bigint"),
            ["personnel.employee_no was text, required, and is bigint, required."],
        ),
        (
            lambda columns: columns[1].update(required=True),
            ["personnel.collar_no was text, and is text, required."],
        ),
        (
            lambda columns: columns[2]["quality"][0]["arguments"]["validValues"].remove("PCSO"),
            [
                "personnel.employment_type was text, required, one of OFFICER STAFF SPECIAL PCSO, "
                "and is text, required, one of OFFICER STAFF SPECIAL."
            ],
        ),
    ],
    ids=["dropped", "renamed", "another type", "required", "fewer codes"],
)
def test_a_change_that_an_owner_has_not_agreed_to_names_the_owner(
    change: Callable[[Any], Any], said: list[str], delivered: dict[str, dict[str, Any]]
) -> None:
    now = copy.deepcopy(delivered)
    change(now["source.hr.personnel"]["schema"][0]["properties"])
    assert disagreements(AGREED, now) == [OWNER + sentence for sentence in said]

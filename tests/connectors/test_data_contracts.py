"""datacontract-cli accepts each data contract, and finds what breaks it in a real warehouse."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import dataset, datasets
from tests.end_to_end.terminal import Terminal, published_force

pytestmark = pytest.mark.slow

PROJECT = load_settings().project_root
FOLDER = PROJECT / "docs" / "contracts"
CONTRACTS = {path.name.removesuffix(".odcs.yaml"): path for path in FOLDER.glob("*.odcs.yaml")}
MARTS = sorted(name for name in CONTRACTS if name.startswith("marts."))
PUBLIC = sorted(name for name in CONTRACTS if name.startswith("public_release."))
PYTHON = PROJECT / ".venv-contracts" / "bin" / "python"
WORKER = Path(__file__).with_name("contract_worker.py")
#: A key to another mart is checked only if the contract has the other mart too.
ELSEWHERE = "is not checked: the contract has no schema"

Contract = dict[str, Any]
Login = dict[str, str]


@dataclass(frozen=True)
class Check:
    result: str
    name: str
    field: str | None
    reason: str | None


def read(name: str) -> Contract:
    found = yaml.safe_load(CONTRACTS[name].read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def run(*jobs: tuple[Contract, Login | None]) -> list[list[Check]]:
    """Return the checks of datacontract-cli on each contract."""
    given = [
        {"contract": yaml.safe_dump(contract), **({"login": login} if login else {})}
        for contract, login in jobs
    ]
    done = subprocess.run(
        [str(PYTHON), str(WORKER)], input=json.dumps(given), capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [[Check(*check) for check in checks] for checks in json.loads(done.stdout)]


def failed(checks: list[Check]) -> list[Check]:
    return [check for check in checks if check.result != "passed"]


def login(url: str, schema: str) -> Login:
    """Return the variables with which datacontract-cli finds a database."""
    parts = conninfo_to_dict(url)
    names = {"HOST": "host", "PORT": "port", "DATABASE": "dbname", "USERNAME": "user"}
    names["PASSWORD"] = "password"
    found = {f"DATACONTRACT_POSTGRES_{name}": str(parts[part]) for name, part in names.items()}
    return found | {"DATACONTRACT_POSTGRES_SCHEMA": schema}


@pytest.fixture(scope="module")
def published() -> Iterator[Terminal]:
    """A synthetic force with a publication."""
    with published_force("2026-03-01") as terminal:
        yield terminal


def test_every_contract_follows_the_standard() -> None:
    names = sorted(CONTRACTS)
    assert len(names) > 40
    for name, checks in zip(names, run(*((read(name), None) for name in names)), strict=True):
        assert checks, name
        assert failed(checks) == [], name


def test_a_contract_that_breaks_the_standard_is_refused() -> None:
    contract = read("marts.dim_date")
    contract["schema"][0]["properties"][0]["logicalType"] = "word"
    (checks,) = run((contract, None))
    assert failed(checks)


def test_each_mart_keeps_its_contract_as_a_bi_tool_sees_it(published: Terminal) -> None:
    reader = login(published.url("bi"), "marts")
    assert reader["DATACONTRACT_POSTGRES_USERNAME"] == "bi_reader"
    for name, checks in zip(MARTS, run(*((read(name), reader) for name in MARTS)), strict=True):
        columns = read(name)["schema"][0]["properties"]
        assert {column["name"] for column in columns} <= {check.field for check in checks}, name
        assert [one for one in failed(checks) if ELSEWHERE not in (one.reason or "")] == [], name


def test_the_keys_between_the_marts_lead_somewhere(published: Terminal) -> None:
    """With the marts in one contract, datacontract-cli also checks the keys between them."""
    whole = read("marts.dim_date")
    whole["schema"] = [table for name in MARTS for table in read(name)["schema"]]
    (checks,) = run((whole, login(published.url("bi"), "marts")))
    assert failed(checks) == []
    keys = [check for check in checks if "has no values missing from" in check.name]
    assert len(keys) > 40


def test_the_tables_of_public_releases_keep_their_contracts(published: Terminal) -> None:
    owner = login(published.url("admin"), "public_release")
    for name, checks in zip(PUBLIC, run(*((read(name), owner) for name in PUBLIC)), strict=True):
        assert [one for one in failed(checks) if ELSEWHERE not in (one.reason or "")] == [], name


def of_raw(name: str) -> Contract:
    """Return a dataset's contract for the tables in which its rows are landed."""
    declared = dataset(name)
    contract = read(f"source.{name.replace('/', '.')}")
    contract["servers"] = read("marts.dim_date")["servers"]
    for table, described in zip(declared.tables, contract["schema"], strict=True):
        described |= {"physicalName": table.name, "physicalType": "table"}
        for column, found in zip(table.columns, described["properties"], strict=True):
            # Raw keeps every version of a record, and of some texts only whether there is one.
            found.pop("primaryKey", None)
            found.pop("primaryKeyPosition", None)
            if column.presence:
                found |= {"physicalType": "boolean", "logicalType": "boolean"}
    return contract


def test_what_is_landed_keeps_the_contract_of_its_source(published: Terminal) -> None:
    # The stage `landing` is the login that writes the raw tables.
    names = list(datasets())
    jobs = [
        (of_raw(name), login(published.url("landing"), dataset(name).raw_schema)) for name in names
    ]
    for name, checks in zip(names, run(*jobs), strict=True):
        assert len(checks) > len(dataset(name).tables[0].columns), name
        assert failed(checks) == [], name


def source(name: str, published: Terminal, schema: str | None = None) -> tuple[Contract, Login]:
    """Return the contract of a database dataset, and the login of the owner of its system."""
    place = dataset(name).database
    login_of_owner = login(published.url(place.system), schema or place.schema)
    return read(f"source.{name.replace('/', '.')}"), login_of_owner


def test_the_owner_of_a_system_finds_the_rows_that_the_warehouse_rejects(
    published: Terminal,
) -> None:
    """The simulator puts unusual rows into the source systems, as people do."""
    names = [name for name, one in datasets().items() if one.kind == "database"]
    results = run(*(source(name, published) for name in names))
    found = {
        f"{name}.{check.field}"
        for name, checks in zip(names, results, strict=True)
        for check in failed(checks)
    }
    with psycopg.connect(published.url("admin")) as warehouse:
        reasons = warehouse.execute(
            """
            select distinct dataset || '.' || split_part(reason, ' is not one of', 1)
            from audit.rejected_row cross join unnest(reasons) as reason
            where dataset = any (%s) and reason like '%% is not one of%%'
            """,
            [names],
        ).fetchall()
    assert found
    assert found == {reason for (reason,) in reasons}


#: What happens to a table, the column that it happens to, and the words of the check that says so.
DAMAGES: dict[str, tuple[str, str, str]] = {
    "a dropped column": (
        "alter table {table} drop column report_urn", "report_urn", "is present",
    ),
    "another type": (
        "alter table {table} alter column report_urn type integer using length(report_urn)",
        "report_urn", "has physical type text",
    ),
    "a code that is not allowed": (
        "update {table} set recipient_agency = 'PRESS' where dissemination_id = {first}",
        "recipient_agency", "has invalid_count = 0",
    ),
    "a missing value": (
        "update {table} set report_urn = null where dissemination_id = {first}",
        "report_urn", "has no missing values",
    ),
    "a key that is there twice": (
        "insert into {table} select * from {table} where dissemination_id = {first}",
        "dissemination_id", "has no duplicate values",
    ),
}  # fmt: skip
COPY = "damaged.dissemination"


@pytest.fixture
def copied(published: Terminal) -> Iterator[psycopg.Connection]:
    """A copy of the table of disseminations, in which a test can damage something."""
    with psycopg.connect(published.url("intelligence"), autocommit=True) as owner:
        owner.execute("create schema damaged")
        owner.execute("create table damaged.dissemination as table intel.dissemination")
        yield owner
        owner.execute("drop schema damaged cascade")


def on_the_copy(published: Terminal) -> list[Check]:
    (checks,) = run(source("intelligence/dissemination", published, "damaged"))
    return failed(checks)


def test_an_undamaged_copy_keeps_the_contract(
    published: Terminal, copied: psycopg.Connection
) -> None:
    assert on_the_copy(published) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_breaks_a_contract_is_named(
    published: Terminal, copied: psycopg.Connection, damage: str
) -> None:
    statement, field, said = DAMAGES[damage]
    first = f"(select min(dissemination_id) from {COPY})"
    copied.execute(statement.format(table=COPY, first=first).encode())
    found = on_the_copy(published)
    assert {check.field for check in found} == {field}
    assert any(said in check.name for check in found), found
    assert {check.result for check in found} == {"failed"}

"""All dbt unit tests of the models, which state the rules of the mart contract, pass."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from oic_assurance.builds.dbt import Node
from oic_assurance.builds.record import ROLE
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.connections import connect
from tests.conftest import PROJECT_ROOT
from tests.databases import administrator, used_as_warehouse
from tests.mutants.mutants import all_mutants, write_marked
from tests.mutants.report import key, reasons_of_survivors
from tests.mutants.units import (
    UnitTests,
    Verdict,
    passes_for_two_forces,
    run_unit_tests,
    statement_of,
)

MODELS = PROJECT_ROOT / "dbt_project" / "models"


@cache
def rules() -> list[tuple[Path, dict[str, Any]]]:
    """Return every dbt unit test of a force's models, each with the file in which it is written."""
    found = []
    for path in sorted(MODELS.rglob("*.yml")):
        # `tests/national/test_view.py` runs those of the national warehouse.
        if path.is_relative_to(MODELS / "national"):
            continue
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [(path, rule) for rule in content.get("unit_tests", [])]
    return found


def group_of(path: Path) -> str:
    """Return the name of the group of `GROUPS` that a model's file belongs to."""
    layer, folder, *_ = path.relative_to(MODELS).parts
    return f"{layer}.{folder}" if layer == "intermediate" else layer


# Each group of models is a separate test, so that a failing test's name shows the group.
GROUPS = sorted({group_of(path) for path, _ in rules()})


@pytest.fixture(scope="module")
def ran(models_address: str) -> dict[str, list[Node]]:
    """The results of all unit tests, by their group. One command of dbt runs them all."""
    found: dict[str, list[Node]] = {group: [] for group in GROUPS}
    with used_as_warehouse(models_address):
        for node in run_unit_tests(load_settings(), "test_type:unit"):
            file = PROJECT_ROOT / "dbt_project" / node.node.original_file_path
            found[group_of(file)].append(node)
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_every_unit_test_passes(
    empty_models: Settings, ran: dict[str, list[Node]], group: str
) -> None:
    nodes = ran[group]

    assert {node.name for node in nodes} == {
        rule["name"] for path, rule in rules() if group_of(path) == group
    }
    assert [node.name for node in nodes if not node.succeeded] == []
    with connect(empty_models, role=ROLE) as warehouse:
        mixed = [
            node.name
            for node in nodes
            if not passes_for_two_forces(warehouse, statement_of(empty_models, node))
        ]
    assert mixed == [], "two forces are mixed up"


def test_numbers_beside_pseudonyms_are_readable_only_for_those_who_may_read_pseudonyms(
    empty_models: Settings,
) -> None:
    """Tables with pseudonyms and officer numbers are exceptions to the usual privileges.

    Usually the gate may read every table that is built, and a login for a purpose may read the
    staging tables for that purpose. But a table with both a pseudonym and a number may be read only
    by roles that may also read `identity.pseudonym`.
    """
    with administrator(empty_models) as connection:
        others = connection.execute(
            """
            select who.rolname, r.oid::regclass::text
            from pg_roles as who
            cross join pg_class as r
            where
                r.oid in (
                    select a.attrelid from pg_attribute as a
                    where a.attname in ('identifier', 'employee_no', 'collar_no')
                    intersect
                    select a.attrelid from pg_attribute as a where a.attname = 'officer_key'
                )
                and r.relkind in ('r', 'v')
                and has_table_privilege(who.oid, r.oid, 'select')
                and not has_table_privilege(who.oid, 'identity.pseudonym', 'select')
            """
        ).fetchall()
        built = connection.execute(
            "select to_regclass('staging_general.stg_identity__pseudonym') is not null"
        ).fetchone()
    assert built == (True,)
    assert others == []


def test_a_mutant_is_caught_unless_it_cannot_matter(empty_models: Settings, tmp_path: Path) -> None:
    """Try `python -m tests.mutants` on a mutant that a test must notice, and on a harmless one."""
    named = {
        mutant.becomes: mutant for mutant in all_mutants() if mutant.model == "int_measure_month"
    }
    wrong = named["comparison: >= -> >"]
    harmless = named["join kind: inner -> left"]
    write_marked(tmp_path, [wrong, harmless])

    tests = UnitTests(empty_models, tmp_path, "test_type:unit,int_measure_month")

    assert tests.judge(wrong).noticed_by
    assert tests.judge(harmless) == Verdict()
    assert key(harmless) in reasons_of_survivors()


def test_every_model_between_sources_and_marts_has_a_unit_test() -> None:
    steps = {
        path.stem
        for folder in ("intermediate", "restatement/restated")
        for path in (MODELS / folder).rglob("*.sql")
    }

    assert steps - {rule["model"] for _, rule in rules()} == set()

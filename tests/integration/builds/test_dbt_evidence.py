"""What dbt and PostgreSQL enforced is stored with the tables that it is about."""

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from oic_assurance.builds import marts
from oic_assurance.builds.candidate import claim
from oic_assurance.builds.constraints import (
    ABSENT,
    Constraint,
    load_constraints,
    store_constraints,
)
from oic_assurance.builds.dbt import MODEL, TEST, Node
from oic_assurance.builds.record import ROLE, load_build
from oic_assurance.builds.required_tests import record_required_tests
from oic_assurance.builds.test_results import store_test_results
from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.databases import administrator
from tests.integration.publishing.marts import audited_build, make_candidates, open_build


def a_test(name: str, status: str = "pass") -> Node:
    config = SimpleNamespace(severity="ERROR", meta={})
    test = SimpleNamespace(config=config, depends_on=SimpleNamespace(nodes=["model.oic.dim_date"]))
    return Node(name, TEST, status, "", 0, test)


def a_model(name: str) -> Node:
    return Node(name, MODEL, "success", "", 0, SimpleNamespace(alias=name, schema="candidate"))


def ask(settings: Settings, query: str, build_id: int) -> list[tuple[Any, ...]]:
    with administrator(settings) as conn:
        return conn.execute(query.encode(), (build_id,)).fetchall()


def test_a_verdict_counts_only_for_the_last_build_of_the_candidate(
    fresh_warehouse: Settings,
) -> None:
    build_id = open_build(fresh_warehouse).build_id
    attempts = ([a_test("kept"), a_test("deleted", "fail")], [a_test("kept")])
    verdicts = []
    for nodes in attempts:
        with (
            claim(fresh_warehouse, build_id),
            connect(fresh_warehouse, role=ROLE) as conn,
        ):
            store_test_results(conn, build_id, "dbt_marts", nodes)
        verdicts += ask(
            fresh_warehouse,
            "select verdict, expectations from audit.gate where stage = 'dbt' and build_id = %s",
            build_id,
        )
    assert verdicts == [("critical", 2), ("passed", 1)]


def test_a_table_without_stored_results_has_no_tests_on_record(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = audited_build(fresh_warehouse)
    make_candidates(fresh_warehouse, build, salt="second")
    monkeypatch.setattr(marts, "load_tests", lambda *_: [])
    monkeypatch.setattr(marts, "load_constraints", lambda *_: [])
    monkeypatch.setattr(marts, "run_models", lambda *_: [a_model("dim_officer")])
    monkeypatch.setattr(marts, "run_tests", lambda *_: [a_test("unique")])
    monkeypatch.setattr(marts, "note_described", lambda *_: None)
    tested = (
        "select fingerprint from audit.tested_table "
        "where table_name = 'dim_officer' and build_id = %s"
    )
    before = ask(fresh_warehouse, tested, build.build_id)
    again = load_build(fresh_warehouse, build.build_id)
    with administrator(fresh_warehouse) as conn:
        conn.execute("revoke insert on audit.expectation_result from oic_transform")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        marts.seal_marts(fresh_warehouse, again)
    assert ask(fresh_warehouse, tested, build.build_id) == before
    with administrator(fresh_warehouse) as conn:
        conn.execute("grant insert on audit.expectation_result to oic_transform")
    marts.seal_marts(fresh_warehouse, again)
    assert ask(fresh_warehouse, tested, build.build_id) != before


def test_every_constraint_of_the_project_is_required_and_in_force(empty_models: Settings) -> None:
    build_id = open_build(empty_models).build_id
    declared = load_constraints(empty_models, "daily")
    names = [one.name for one in declared]
    assert len(set(names)) == len(names)
    assert {one.type for one in declared} >= {"not_null", "primary_key", "foreign_key"}

    record_required_tests(empty_models, build_id, "daily")
    required = ask(
        empty_models, "select expectation from audit.due_check where build_id = %s", build_id
    )
    assert set(names) < {name for (name,) in required}

    with connect(empty_models, role=ROLE) as conn:
        assert store_constraints(conn, build_id, "postgresql_marts", declared) == []
    stored = ask(
        empty_models,
        "select expectation, success from audit.expectation_result "
        "where suite = 'postgresql_marts' and build_id = %s",
        build_id,
    )
    assert dict(stored) == dict.fromkeys(names, True)


@pytest.mark.parametrize(
    ("attack", "type_", "columns"),
    [
        ("alter column channel drop not null", "not_null", ["channel"]),
        (
            "drop constraint fct_nccu_referral_pkey, alter column referral_ref set not null",
            "primary_key",
            ["referral_ref"],
        ),
        (
            "drop constraint fct_nccu_referral_pkey, "
            "add unique (publication_id, force_code, referral_ref)",
            "primary_key",
            ["referral_ref"],
        ),
        ("drop constraint {key}", "foreign_key", ["org_unit_code"]),
        (
            "drop constraint {key}, add foreign key (publication_id, force_code, org_unit_code) "
            "references candidate.dim_org_unit not valid",
            "foreign_key",
            ["org_unit_code"],
        ),
        (
            "drop constraint {key}, add foreign key (publication_id, force_code, org_unit_code) "
            "references candidate.dim_point",
            "foreign_key",
            ["org_unit_code"],
        ),
    ],
)
def test_a_constraint_that_the_table_does_not_have_is_missed(
    empty_models: Settings, attack: str, type_: str, columns: list[str]
) -> None:
    """Dropping it, weakening it, or pointing it at another table makes no difference."""
    build_id = open_build(empty_models).build_id
    declared = load_constraints(empty_models, "daily")
    with administrator(empty_models) as conn:
        row = conn.execute(
            "select conname from pg_constraint where contype = 'f' "
            "and conrelid = 'candidate.fct_nccu_referral'::regclass "
            "and confrelid = 'candidate.dim_org_unit'::regclass"
        ).fetchone()
        assert row
        statement = f"alter table candidate.fct_nccu_referral {attack.format(key=row[0])}"
        with conn.transaction(force_rollback=True):
            conn.execute(statement.encode())
            missing = store_constraints(conn, build_id, "postgresql_marts", declared)
            verdict = conn.execute(
                "select verdict, failed from audit.gate where stage = 'dbt' and build_id = %s",
                (build_id,),
            ).fetchone()
    assert [(one.model, one.type, list(one.columns)[-1:]) for one in missing] == [
        ("fct_nccu_referral", type_, columns)
    ]
    assert verdict == ("critical", 1)


def test_a_build_whose_table_lacks_a_constraint_is_blocked(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = audited_build(fresh_warehouse)
    lacks = Constraint(
        name="not_null_dim_officer_made_up_constraint",
        model="dim_officer",
        table=("candidate", "dim_officer"),
        type="not_null",
        columns=["made_up"],
        definition="NOT NULL made_up",
        description="Every row has a value in `made_up`.",
        is_sealed=True,
    )
    monkeypatch.setattr(marts, "load_tests", lambda *_: [])
    monkeypatch.setattr(marts, "load_constraints", lambda *_: [lacks])
    monkeypatch.setattr(marts, "run_models", lambda *_: [a_model("dim_officer")])
    monkeypatch.setattr(marts, "run_tests", lambda *_: [])
    with pytest.raises(GateBlocked, match="Every row has a value in `made_up`: "):
        marts.seal_marts(fresh_warehouse, load_build(fresh_warehouse, build.build_id))
    assert ask(
        fresh_warehouse,
        "select suite, success, exception from audit.expectation_result "
        f"where expectation = '{lacks.name}' and build_id = %s",
        build.build_id,
    ) == [("postgresql_sealed", False, ABSENT)]


def test_a_constraint_that_cannot_be_found_in_a_database_is_refused(
    empty_models: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = SimpleNamespace(type="check", columns=[], expression="numerator > 0")
    model = SimpleNamespace(
        name="m", alias="m", schema="candidate", columns={}, constraints=[check], tags=[]
    )
    monkeypatch.setattr("oic_assurance.builds.constraints.project_nodes", lambda *_: [model])
    with pytest.raises(AssuranceError, match="dbt model m: nothing shows whether PostgreSQL"):
        load_constraints(empty_models, "daily")

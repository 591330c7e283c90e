"""The result of a dbt test is stored with the tables that it checked, and counts only for them."""

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from oic_assurance.builds import marts
from oic_assurance.builds.candidate import claim
from oic_assurance.builds.dbt import MODEL, TEST, Node
from oic_assurance.builds.record import ROLE, load_build
from oic_assurance.builds.test_results import store_test_results
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
    monkeypatch.setattr(marts, "run_models", lambda *_: [a_model("dim_officer")])
    monkeypatch.setattr(marts, "run_tests", lambda *_: [a_test("unique")])
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

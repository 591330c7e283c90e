"""The data tests run together give the results that dbt gives for each of them."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from oic_assurance.builds import data_tests
from oic_assurance.builds.data_tests import load_tests, run_tests
from oic_assurance.builds.dbt import Node, run_dbt, target_dir
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from tests.databases import administrator

SCHEMA = "intermediate"
#: A table whose column is missing, so that the query of its test fails.
BROKEN, COLUMN = "int_nccu_referral", "referral_ref"


@pytest.fixture
def wrong(empty_models: Settings) -> Iterator[Settings]:
    """The models, with a row of nulls in each table that allows one, and one broken table."""
    with administrator(empty_models) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = %s order by 1", (SCHEMA,)
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"insert into {SCHEMA}.{table} default values".encode())
        rename = "alter table {}.{} rename column {} to {}".format
        connection.execute(rename(SCHEMA, BROKEN, COLUMN, "gone").encode())
    try:
        yield empty_models
    finally:
        with administrator(empty_models) as connection:
            connection.execute(rename(SCHEMA, BROKEN, "gone", COLUMN).encode())
            for (table,) in tables:
                connection.execute(f"truncate {SCHEMA}.{table}".encode())


@pytest.mark.slow
def test_the_results_are_those_of_dbt(wrong: Settings) -> None:
    selection = ["test", "--select", f"path:models/{SCHEMA}/nccu,resource_type:test"]
    one_by_one = run_dbt(wrong, "daily", selection)
    names = {one.name for one in one_by_one}
    together = run_tests(
        wrong, [one for one in load_tests(wrong, "daily") if one.node.name in names]
    )
    assert {(one.name, one.status, one.failures) for one in together} == {
        (one.name, one.status, one.failures) for one in one_by_one
    }
    states = Counter(one.status for one in together)
    assert states["fail"] > 5
    assert states["error"] > 0
    assert states["pass"] > 0
    # Each error and each failure says what is wrong.
    error = next(one for one in together if one.status == "error")
    assert error.message == f'column "{COLUMN}" does not exist'
    assert "rows that fail: 1" in {one.message for one in together}


def test_a_test_with_conditions_of_its_own_is_refused(
    empty_models: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = load_tests(empty_models, "daily")[0].node
    monkeypatch.setattr(node.config, "error_if", "> 3")
    with pytest.raises(AssuranceError, match=f"{node.name}: it has a condition of its own"):
        load_tests(empty_models, "daily")


def test_the_queries_are_compiled_again_only_if_the_project_has_changed(
    empty_models: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = target_dir(empty_models, "daily") / "data_tests.json"
    path.unlink(missing_ok=True)
    compiled: list[str] = []

    @cache
    def by_dbt(target: str, *arguments: str) -> list[Node]:
        # The project stays as it is, so dbt would give the same queries each time.
        return run_dbt(empty_models, target, arguments)

    def compile_tests(_: Settings, target: str, arguments: list[str]) -> list[Node]:
        compiled.append(target)
        return by_dbt(target, *arguments)

    monkeypatch.setattr(data_tests, "run_dbt", compile_tests)
    first = load_tests(empty_models, "daily")
    assert load_tests(empty_models, "daily") == first
    assert compiled == ["daily"]
    path.write_text("{", encoding="utf-8")
    assert load_tests(empty_models, "daily") == first
    monkeypatch.setattr(data_tests, "project_key", lambda *_: ["another"])
    assert load_tests(empty_models, "daily") == first
    assert compiled == ["daily"] * 3
    assert [name for name in Path(path.parent).glob("data_tests*") if name != path] == []

"""Run the data tests of the dbt project, all tests of one table in one statement.

dbt compiles each test to a query that returns what fails. dbt itself runs each of these queries
as a node of its own, and needs several times as long for the node as the server for the query.

A compiled query depends only on the project, on the target and on the database. So the queries are
kept in a file in the target's folder, and dbt compiles them again only if one of these changes.
"""

import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg

from oic_assurance.builds.dbt import (
    ROLE,
    TEST,
    Node,
    project_key,
    project_nodes,
    run_dbt,
    target_dir,
)
from oic_assurance.builds.test_results import KEYS_KEPT
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.rows import one_row

#: The tag of the models that the second stage of a build makes.
SEALED_TAG = "sealed"
#: Every mart has these columns, so a row's key is told without them.
IN_EVERY_MART = ("publication_id", "force_code")
#: The number of sessions that run tests at the same time.
SESSIONS = 4
_COMPILE = ("compile", "--select", "resource_type:test", "--no-introspect", "--no-populate-cache")
#: The only condition that this module knows: a test fails if its query returns a row.
_ANY_ROW = ("count(*)", "!= 0", "!= 0", None)


@dataclass(frozen=True)
class DataTest:
    """A data test: its node in the dbt project, and the query that returns what fails."""

    node: Any
    query: str
    #: Whether the test reads a model of the second stage of a build.
    is_sealed: bool
    #: The columns that tell the rows of its table apart.
    key: Sequence[str] = ()

    @property
    def parents(self) -> Collection[str]:
        """The IDs of the models and seeds that the test reads."""
        parents: Collection[str] = self.node.depends_on.nodes
        return parents

    @property
    def table(self) -> str:
        """The ID of the model or seed whose test this is."""
        return str(getattr(self.node, "attached_node", None) or next(iter(self.parents)))


def load_tests(settings: Settings, target: str) -> list[DataTest]:
    """Return the data tests of the project, compiled for a target.

    Raises:
        AssuranceError: A test cannot be compiled, or has conditions of its own for when it fails.
    """
    project = project_nodes(settings, target)
    nodes = [node for node in project if str(node.resource_type) == TEST]
    sealed = {node.unique_id for node in project if SEALED_TAG in node.tags}
    queries = _queries(settings, target, {node.name for node in nodes})
    for node in nodes:
        how = node.config
        if (how.fail_calc, how.error_if, how.warn_if, how.limit) != _ANY_ROW:
            raise AssuranceError(
                f"dbt test {node.name}: it has a condition of its own for when it fails. Here, a "
                "test fails if its query returns a row."
            )
    tests = [
        DataTest(node, queries[node.name], not sealed.isdisjoint(node.depends_on.nodes))
        for node in nodes
    ]
    keys = _keys(tests, project)
    return [replace(one, key=keys.get(one.table, ())) for one in tests]


def _keys(tests: Sequence[DataTest], project: Sequence[Any]) -> dict[str, Sequence[str]]:
    """Return the key of each table whose YAML declares one, keyed by the ID of its model."""
    keys: dict[str, Sequence[str]] = {
        node.unique_id: [str(column) for column in one.columns]
        for node in project
        for one in getattr(node, "constraints", ())
        if str(getattr(one.type, "value", one.type)) == "primary_key"
    }
    for one in tests:
        kind = getattr(one.node, "test_metadata", None)
        if kind is not None and kind.name == "unique_together":
            keys[one.table] = kind.kwargs["columns"]
        elif kind is not None and kind.name == "unique":
            keys.setdefault(one.table, [kind.kwargs["column_name"]])
    return {
        table: [column for column in columns if column not in IN_EVERY_MART]
        for table, columns in keys.items()
    }


def run_tests(settings: Settings, tests: Sequence[DataTest]) -> list[Node]:
    """Run data tests, and return the result of each.

    A failed test is returned as a result; it raises no error. If a query itself fails, the result
    of its test is an error, and the other tests have their results.
    """
    by_table: dict[str, list[DataTest]] = {}
    for test in tests:
        by_table.setdefault(test.table, []).append(test)
    tables = list(by_table.values())
    shares = [tables[first::SESSIONS] for first in range(min(SESSIONS, len(tables)))]
    with ThreadPoolExecutor(SESSIONS) as pool:
        found = pool.map(partial(_run_share, settings), shares)
        return [node for share in found for node in share]


def _run_share(settings: Settings, tables: Sequence[Sequence[DataTest]]) -> list[Node]:
    """Run the tests of some tables in one session."""
    with connect(settings, role=ROLE, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = on")
        return [node for tests in tables for node in _run(connection, tests)]


def _run(connection: psycopg.Connection, tests: Sequence[DataTest]) -> list[Node]:
    """Run the tests of one table in one statement, or one by one if the statement fails."""
    try:
        row = one_row(connection, _together(tests).encode(), what="number of failing rows")
    except psycopg.OperationalError:
        raise  # The server is at fault, not a test. The stage can be repeated.
    except psycopg.Error as error:
        if len(tests) > 1:
            return [node for test in tests for node in _run(connection, [test])]
        return [_result(tests[0].node, "error", reason(error), 0)]
    return [_counted(connection, *one) for one in zip(tests, row, strict=True)]


def _together(tests: Sequence[DataTest]) -> str:
    """Return a statement that counts the failing rows of each test, one column each."""
    # The line break ends a comment in the last line of a query. dbt has compiled the queries from
    # the project, and nothing in them comes from outside it.
    counts = (f"(select count(*) from (\n{test.query}\n) as failing)" for test in tests)  # noqa: S608
    return f"select {', '.join(counts)}"


def _counted(connection: psycopg.Connection, test: DataTest, failing: int) -> Node:
    node = test.node
    if failing == 0:
        return _result(node, "pass", "", 0)
    is_warning = str(node.config.severity).lower() == "warn"
    found = _result(node, "warn" if is_warning else "fail", f"rows that fail: {failing}", failing)
    if not test.key:
        return found
    # Of a row that fails, nothing but its key is kept.
    query = f"select to_jsonb(failing) from (\n{test.query}\n) as failing limit {KEYS_KEPT}"  # noqa: S608
    rows = [row for (row,) in connection.execute(query.encode()).fetchall()]
    keys = [{column: row[column] for column in test.key if column in row} for row in rows]
    return replace(found, keys=[key for key in keys if key])


def _result(node: Any, status: str, message: str, failing: int) -> Node:
    return Node(node.name, TEST, status, message, failing, node)


def _queries(settings: Settings, target: str, names: Collection[str]) -> dict[str, str]:
    """Return the compiled query of each test, keyed by its name."""
    path = target_dir(settings, target) / "data_tests.json"
    of = project_key(settings, target)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        kept = {}
    if kept.get("of") != of or kept["queries"].keys() != set(names):
        compiled = run_dbt(settings, target, _COMPILE)
        kept = {"of": of, "queries": {one.name: one.node.compiled_code for one in compiled}}
        new = path.with_suffix(".new")
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(path)
    queries: dict[str, str] = kept["queries"]
    return queries

"""Run dbt's unit tests on a mutant, with the SQL that dbt compiled from the marked copy.

The marked copy is a copy of the dbt project in which every place that can be changed is marked.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from oic_assurance.builds.dbt import ONLY_RESULTS, Node, forget_project, run_dbt, target_dir
from oic_assurance.builds.record import ROLE, open_build
from oic_assurance.landing.land import ensure_raw_tables
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.migrate import migrate
from tests.mutants.mutants import Mutant, holds, unmarked
from tests.mutants.twins import Rows, for_two_forces, of_two_forces

#: After this time, PostgreSQL cancels the statement of a unit test, because a mutant may make a
#: rule loop for ever. The test then counts as having noticed the mutant.
PATIENCE = "4s"
#: The as-at moment of the models that are built without data.
AS_AT = datetime(2026, 3, 10, 5, 30, tzinfo=UTC)
#: The first two characters of the SQLSTATE if PostgreSQL cannot parse a statement or does not
#: support it. A mutant with such a statement does not count.
_UNREADABLE = ("42", "0A")
#: What comes before a statement, the words `with` and `recursive` if it begins with them, with the
#: space between them, and the rest.
_START = re.compile(
    r"((?:\s|--[^\n]*\n)*)(with\b)?(\s*)(recursive\b)?(.*)", re.IGNORECASE | re.DOTALL
)


@dataclass
class Verdict:
    """The verdict on a mutant.

    `noticed_by` is the first test that noticed the mutant, or empty. `is_unreadable` is true if the
    mutant is not valid SQL.
    """

    noticed_by: str = ""
    is_unreadable: bool = False


def build_from_nothing(settings: Settings) -> None:
    """Build every model in a warehouse in which nothing was landed.

    dbt takes the types of a unit test's given rows from the built models, so the models must exist.
    """
    migrate(settings)
    ensure_raw_tables(settings)
    open_build(settings, "rules", AS_AT)
    # An earlier test's build has changed what dbt parsed.
    forget_project()
    run_dbt(settings, "daily", ["seed", ONLY_RESULTS])
    run_dbt(settings, "daily", ["run"])


def run_unit_tests(settings: Settings, selection: str) -> list[Node]:
    """Run dbt's unit tests, and return the result of each."""
    with _dbt_asks_once():
        return run_dbt(settings, "daily", ["test", "--no-write-json", "--select", selection])


@contextmanager
def _dbt_asks_once() -> Iterator[None]:
    """Leave out work that dbt repeats for each unit test, which doubles the time of a test.

    dbt asks the server for the columns of each table whenever a test gives rows of it. These
    tables do not change while unit tests run. And to find out whether a statement begins with
    `with`, dbt parses it to the last bracket.
    """
    import dbt.compilation
    from dbt.adapters.postgres import PostgresAdapter
    from sqlparse import sql, tokens

    untyped: Any = sql
    ask = PostgresAdapter.get_columns_in_relation
    known: dict[str, Any] = {}

    def columns(adapter: PostgresAdapter, relation: Any) -> Any:
        if str(relation) not in known:
            known[str(relation)] = ask(adapter, relation)
        return known[str(relation)]

    def parse(text: str) -> list[Any]:
        start = _START.fullmatch(text)
        assert start is not None
        space, word = tokens.Whitespace, tokens.Keyword
        kinds = (space, word.CTE, space, word, tokens.Text)
        given = zip(kinds, start.groups(), strict=True)
        return [untyped.Statement([untyped.Token(kind, part) for kind, part in given if part])]

    words = {**vars(dbt.compilation.sqlparse), "parse": parse}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PostgresAdapter, "get_columns_in_relation", columns)
        patch.setattr(dbt.compilation, "sqlparse", SimpleNamespace(**words))
        yield


class UnitTests:
    """The statements of dbt's unit tests, with every place marked that can be changed."""

    def __init__(self, settings: Settings, project: Path, selection: str) -> None:
        """Run dbt's unit tests on the marked copy once, and store the statement of each test.

        Raises:
            ValueError: a test fails without any mutant.
        """
        marked = dataclasses.replace(settings, project_root=project)
        self._settings = settings
        self._statements: dict[str, str] = {}
        for node in run_unit_tests(marked, selection):
            if not node.succeeded:
                raise ValueError(f"{node.name} fails without a mutant: {node.message}")
            self._statements[node.name] = statement_of(marked, node)

    def __len__(self) -> int:
        return len(self._statements)

    def judge(self, mutant: Mutant) -> Verdict:
        """Run the tests whose SQL contains the mutant's place, until one notices the mutant.

        Each test runs as dbt runs it. If it passes, it runs again with the records of two forces.
        """
        with connect(self._settings, role=ROLE) as warehouse:
            warehouse.execute(f"set statement_timeout = '{PATIENCE}'".encode())
            for name, marked in self._statements.items():
                if not holds(marked, mutant):
                    continue
                statement = unmarked(marked, mutant)
                try:
                    with warehouse.transaction():
                        fails = not passes(warehouse, statement)
                    with warehouse.transaction():
                        fails = fails or not passes_for_two_forces(warehouse, statement)
                except psycopg.errors.QueryCanceled:
                    return Verdict(noticed_by=f"{name}, which does not end")
                except psycopg.Error as error:
                    if (error.sqlstate or "")[:2] in _UNREADABLE:
                        return Verdict(is_unreadable=True)
                    fails = True
                if fails:
                    return Verdict(noticed_by=name)
        return Verdict()


def statement_of(settings: Settings, node: Node) -> str:
    """Return the statement that dbt ran for a unit test, from dbt's folder `target`."""
    written = target_dir(settings, "daily") / "run" / "oic_assurance" / node.node.original_file_path
    (statement,) = written.rglob(f"{node.name}.sql")
    text: str = statement.read_text(encoding="utf-8")
    return text


def passes(warehouse: psycopg.Connection, statement: str) -> bool:
    """Run the statement of a unit test. Return whether its actual and expected rows are equal.

    The values are compared as text, and the order of the rows is ignored, as in dbt.
    """
    _, actual, expected = _run(warehouse, statement)
    return actual == expected


def passes_for_two_forces(warehouse: psycopg.Connection, statement: str) -> bool:
    """Run the statement with two forces that have the same records.

    Returns whether each force gets the expected rows. Also returns true if the statement names no
    force.
    """
    twinned = for_two_forces(statement)
    if twinned is None:
        return True
    columns, actual, expected = _run(warehouse, twinned)
    return actual == of_two_forces(expected, columns)


def _run(warehouse: psycopg.Connection, statement: str) -> tuple[list[str], Rows, Rows]:
    cursor = warehouse.execute(statement.encode())
    sides: dict[str, Rows] = {"actual": Counter(), "expected": Counter()}
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    for *values, side in rows:
        sides[side][tuple(str(value) for value in values)] += 1
    columns = [column.name for column in cursor.description or ()]
    return columns[:-1], sides["actual"], sides["expected"]

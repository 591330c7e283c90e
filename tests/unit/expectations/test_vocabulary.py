"""A column that a suite names is a column of its table, as the declarations and models say.

The tables of the schema `audit` are declared nowhere, so their columns are not compared.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml
from sqlglot import exp, parse_one
from sqlglot.optimizer.scope import Scope, traverse_scope

import expectations
from expectations.catalogue import suites_of_kind
from expectations.vocabulary import Expectation, Suite, no_rows
from oic_assurance.settings import Kind, load_settings
from oic_assurance.sources.declarations.load import datasets_of
from oic_assurance.sources.declarations.model import PROVENANCE

FOLDER = Path(expectations.__path__[0])
MODELS = load_settings().project_root / "dbt_project"
#: The schemas in which each table is a model or a seed.
MODELLED = ("candidate", "intermediate", "policy")
TEXTS = "(select '' as name, '' as value)"

#: The columns of each table, keyed by schema and name.
Tables = Mapping[tuple[str, str], Collection[str]]
#: What a query reads: a table, a subquery, or something whose columns are not known.
Source = exp.Expression | Scope | None


@cache
def declared(kind: Kind) -> Tables:
    """Return the columns of each raw table, model and seed."""
    tables: dict[tuple[str, str], Collection[str]] = {
        (dataset.raw_schema, table.name): {*dataset.content_columns(table), *PROVENANCE}
        for dataset in datasets_of(kind).values()
        for table in dataset.tables
    }
    files = [file for name in ("models", "seeds") for file in (MODELS / name).rglob("*.yml")]
    for file in files:
        content = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for one in [*content.get("models", ()), *content.get("seeds", ())]:
            columns = {column["name"] for column in one.get("columns", ())}
            for schema in MODELLED:
                tables[schema, one["name"]] = columns
            tables["candidate_public", one["name"].removeprefix("public_")] = columns
    return tables


def queries(suite: Suite, expectation: Expectation) -> Iterator[str]:
    """Yield the SQL of an expectation, with something in place of each placeholder."""
    rows = f"{suite.schema}.{suite.table}"
    known = {"rows": rows, "current": rows, "texts": TEXTS, "as_at": "now()"}
    known |= {"build_id": "1", "known_batch_id": "1"}
    given = expectation.arguments
    texts = [given["query"]] if "query" in given else []
    if "condition" in given:
        texts.append(f"select {given['condition']} from {rows} where {given['where']}")
    if expectation.columns:
        texts.append(f"select {', '.join(expectation.columns)} from {rows}")
    for text in texts:
        yield re.sub(r"\{([a-z_]+)\}", lambda match: known.get(match[1], match[1]), text)


def unknown_columns(query: str, tables: Tables) -> Iterator[str]:
    """Yield each column of a query that nothing which the query reads has."""
    for scope in traverse_scope(parse_one(query, dialect="postgres")):
        # `scope.columns` also has those of the queries inside, which have a scope of their own.
        own = {id(column) for column in scope.find_all(exp.Column)}
        for column in (one for one in scope.columns if id(one) in own):
            sources = visible(scope)
            if column.table:
                sources = {column.table: sources.get(column.table)}
            known = [columns_of(source, tables) for source in sources.values()]
            if not any(columns is None or column.name in columns for columns in known):
                yield column.name


def visible(scope: Scope | None) -> dict[str, Source]:
    """Return what a query and the queries around it read, keyed by the names in the query."""
    if scope is None:
        return {}
    own = {name: source for name, (_, source) in scope.selected_sources.items()}
    return {**visible(scope.parent), **own}


def columns_of(source: Source, tables: Tables) -> Collection[str] | None:
    """Return the columns of a table or subquery, or None if they are not known."""
    if isinstance(source, exp.Table):
        unknown = () if source.db in MODELLED else None
        return tables.get((source.db, source.name), unknown)
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Query):
        return None
    if source.set_operation_scopes:
        return columns_of(source.set_operation_scopes[0], tables)
    found: set[str] = set()
    for selected in source.expression.selects:
        if selected.is_star:
            read: dict[str, Source] = {
                name: one for name, (_, one) in source.selected_sources.items()
            }
            if isinstance(selected, exp.Column):
                read = {selected.table: read.get(selected.table)}
            for one in read.values():
                columns = columns_of(one, tables)
                if columns is None:
                    return None
                found |= set(columns)
        elif not selected.alias_or_name:
            return None
        else:
            found.add(selected.alias_or_name)
    return found


def place(suite: Suite, expectation: Expectation, column: str) -> str:
    """Return the file and line in which an expectation names a column: the suite's, or a shared."""
    word = re.compile(rf"\b{re.escape(column)}\b")
    said = "\n".join([*expectation.columns, *map(str, expectation.arguments.values())])
    own = suite.dataset.replace("/", "_") + ".py"
    for file in [*FOLDER.rglob(own), *sorted(FOLDER.glob("shared/*.py"))]:
        lines, texts = written(file)
        for number, text in texts:
            if any(word.search(part) and part in said for part in re.split(r"<<\w+>>", text)):
                line = next((n for n, one in enumerate(lines[number - 1 :]) if word.search(one)), 0)
                return f"{file.relative_to(FOLDER.parent)}, line {number + line}"
    return suite.name


@cache
def written(file: Path) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the lines of a Python file, and each text in it with the number of its line."""
    source = file.read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return source.splitlines(), [(n.lineno, n.value) for n in nodes if isinstance(n.value, str)]


def wrong(kind: Kind, suite: Suite) -> list[str]:
    """Return one sentence for each column that a suite names and its tables do not have."""
    return [
        f"{place(suite, one, column)}: {one.name} of {suite.name} reads {column}, which is no "
        "column of what it reads."
        for one in suite.expectations
        for query in queries(suite, one)
        for column in unknown_columns(query, declared(kind))
    ]


@pytest.mark.parametrize("kind", ["force", "national"])
def test_every_column_that_a_suite_names_is_declared(kind: Kind) -> None:
    assert [line for suite in suites_of_kind(kind) for line in wrong(kind, suite)] == []


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("select figure.valeu from {rows} as figure", ["valeu"]),
        ("select value from (select * from {rows}) as shown where period = 1", ["period"]),
        ("with f as (select *, 1 as one from {rows}) select one, two from f", ["two"]),
        (
            "select value from {rows} as shown where exists ("
            "select from {candidate}.dim_point as point where point.code = shown.point_code)",
            ["code"],
        ),
        ("select value from {candidate}.dim_pont as point where point_code = 'A'", None),
        ("select outcome, builds from {audit}.build where build_id = {build_id}", []),
        ("select name from {texts} as found", []),
    ],
)
def test_a_column_is_looked_for_where_the_query_reads_it(
    query: str, unknown: list[str] | None
) -> None:
    (suite,) = [one for one in suites_of_kind("force") if one.name == "candidate.assurance_measure"]
    (text,) = queries(suite, no_rows("made_up", query, description="Made up."))
    found = list(unknown_columns(text, declared("force")))
    assert found == (["value", "point_code"] if unknown is None else unknown)


def test_the_place_is_the_line_of_the_suite_or_of_what_it_shares() -> None:
    for suite in suites_of_kind("force"):
        for expectation in suite.expectations:
            for column in expectation.columns if suite.stage == "marts" else ():
                file, _, line = place(suite, expectation, column).partition(", line ")
                text = (FOLDER.parent / file).read_text(encoding="utf-8").splitlines()
                assert column in text[int(line) - 1]
                assert file.endswith(f"/{suite.dataset}.py") or "/shared/" in file

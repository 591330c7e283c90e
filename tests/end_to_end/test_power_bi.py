"""The Power BI project names only what the readers' login finds, and its relationships hold."""

import psycopg
import pytest
from psycopg import sql

from oic_assurance.reporting.power_bi.model import Column, Relationship, semantic_model
from tests.conftest import PROJECT_ROOT
from tests.end_to_end.terminal import Terminal

MODEL = semantic_model(PROJECT_ROOT)
#: The types of the model for the types that the server names.
TYPES = {
    "text": "string",
    "bigint": "int64",
    "integer": "int64",
    "numeric": "double",
    "double precision": "double",
    "boolean": "boolean",
    "date": "dateTime",
    "timestamp with time zone": "dateTime",
    "timestamp without time zone": "dateTime",
}


def of_the_mart(column: Column) -> bool:
    return column.words is None


def test_every_column_is_in_its_mart_with_its_type(terminal: Terminal, first_run: str) -> None:
    with psycopg.connect(terminal.url("bi")) as reader:
        found = reader.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = 'marts'"
        ).fetchall()
    kinds = {(table, column): kind for table, column, kind in found}
    for table in MODEL.tables:
        for column in filter(of_the_mart, table.columns):
            kind = kinds[table.name, column.name]
            assert TYPES[kind] == column.type, (table.name, column.name)
            assert column.is_moment == (kind == "timestamp with time zone")


@pytest.mark.parametrize(
    "one", MODEL.relationships, ids=lambda one: f"{one.table}[{one.column}]-{one.to_table}"
)
def test_a_relationship_is_many_to_one(
    terminal: Terminal, first_run: str, one: Relationship
) -> None:
    names = {name: sql.Identifier(value) for name, value in vars(one).items()}
    with psycopg.connect(terminal.url("bi")) as reader:
        query = "select count(*) - count(distinct {to_column}) from marts.{to_table}"
        assert reader.execute(sql.SQL(query).format(**names)).fetchone() == (0,)
        lost = (
            "select count(*) from marts.{table} as many where {column} is not null and not exists "
            "(select from marts.{to_table} as one where one.{to_column} = many.{column})"
        )
        found = reader.execute(sql.SQL(lost).format(**names)).fetchone()
    assert found is not None
    # Exceptions of the Board's log are of recommendations, which are no points.
    allowed = one.table.startswith("assurance_exception") and one.column == "point_code"
    assert found == (0,) or allowed


def test_every_code_has_its_word_or_its_place(terminal: Terminal, first_run: str) -> None:
    with psycopg.connect(terminal.url("bi")) as reader:
        for table in MODEL.tables:
            for column in table.columns:
                if column.words is None or not column.words.known:
                    continue
                query = sql.SQL("select distinct {code}::text from marts.{table}").format(
                    code=sql.Identifier(column.words.of), table=sql.Identifier(table.name)
                )
                codes = {code for (code,) in reader.execute(query)} - {None}
                assert codes <= {*column.words.known}, (table.name, column.name)

"""The columns in joins and filters of a model are found, through its subqueries."""

from typing import Any

from oic_assurance.builds.column_lineage import Input
from oic_assurance.reporting.site.deciding import deciding_columns

MODEL, PERSON, SESSION = "model.p.passed", "model.p.person", "model.p.session"
SQL = """
with
    attended as (
        select person.employee_no as officer, session.day
        from d.s.person as person
        inner join d.s.session as session on person.session_code = session.code
        where session.outcome = 'PASS'
    ),

    final as (
        select officer, min(day) as first_day
        from attended
        where day > '2025-09-01'
        group by officer
        having min(day) < '2030-01-01'
    )

select *
from final
"""


def _node(name: str, columns: tuple[str, ...], sql: str = "") -> dict[str, Any]:
    return {
        "resource_type": "model", "schema": "s", "alias": name, "database": "d", "name": name,
        "columns": {column: {} for column in columns}, "compiled_code": sql,
        "depends_on": {"nodes": [PERSON, SESSION]},
    }  # fmt: skip


def test_columns_of_joins_and_filters_are_followed_to_the_parents() -> None:
    manifest = {
        "nodes": {
            MODEL: _node("passed", ("officer", "first_day"), SQL),
            PERSON: _node("person", ("employee_no", "session_code", "name")),
            SESSION: _node("session", ("code", "day", "outcome", "room")),
        },
        "sources": {},
    }
    assert deciding_columns(manifest, {MODEL}) == {
        MODEL: (
            Input(PERSON, "session_code"),
            Input(SESSION, "code"),
            Input(SESSION, "day"),
            Input(SESSION, "outcome"),
        )
    }


def test_a_model_without_joins_and_filters_has_none() -> None:
    sql = "select employee_no from d.s.person"
    manifest = {
        "nodes": {
            MODEL: _node("passed", ("employee_no",), sql),
            PERSON: _node("person", ("employee_no",)),
        },
        "sources": {},
    }
    assert deciding_columns(manifest, {MODEL}) == {MODEL: ()}

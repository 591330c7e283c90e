"""Operators read the whole state. A reader of the marts reads what a problem is called, no more."""

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.state.apply import OPERATORS, READERS, ROLE, apply_state
from oic_assurance.warehouse.roles import LOGIN_ROLES, REKEY_ROLE
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.publishing.marts import as_reader

_MAY_READ = """
select relname from pg_catalog.pg_class
where relnamespace = 'state'::regnamespace and relkind = 'v'
    and has_table_privilege(%(role)s, oid, 'select')
    and has_schema_privilege(%(role)s, relnamespace, 'usage')
"""
_MAY_CALL = """
select proname from pg_catalog.pg_proc
where pronamespace = 'state'::regnamespace and has_function_privilege(%(role)s, oid, 'execute')
    and has_schema_privilege(%(role)s, pronamespace, 'usage')
"""


def named(settings: Settings, query: str, role: str) -> set[str]:
    with administrator(settings) as session:
        return {name for (name,) in session.execute(query.encode(), {"role": role}).fetchall()}


def test_only_operators_read_all_views(fresh_warehouse: Settings) -> None:
    views = named(fresh_warehouse, _MAY_READ, ROLE)
    assert len(views) > 20
    for role in OPERATORS:
        assert named(fresh_warehouse, _MAY_READ, role) == views, role
    # The re-keying has the rights of the publication.
    for role in set(LOGIN_ROLES) - {*OPERATORS, *READERS, ROLE, REKEY_ROLE}:
        assert named(fresh_warehouse, _MAY_READ, role) == set(), role
        assert named(fresh_warehouse, _MAY_CALL, role) == set(), role


def test_a_reader_sees_what_is_wrong_and_no_detail_of_it(fresh_warehouse: Settings) -> None:
    for role in READERS:
        assert named(fresh_warehouse, _MAY_READ, role) == {"problem_for_readers"}
        assert named(fresh_warehouse, _MAY_CALL, role) == {"problems_for_readers"}
    with administrator(fresh_warehouse) as session:
        session.execute(
            "insert into audit.run (run_id, as_at, started_at, finished_at, outcome, message) "
            "values ('r', now(), now(), now(), 'failed', 'the record of A. Person')"
        )
        session.execute(
            "insert into audit.observation values "
            "('secrets', 'a key', 'host', 'failed', 'open', '', null, now(), now())"
        )
    with as_reader(fresh_warehouse, "bi") as reader:
        [found] = reader.execute("select * from state.problem_for_readers").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select what from state.problem")
    assert "No publication was made" in found
    assert "Person" not in repr(found)


def test_the_views_are_made_anew_only_if_their_code_has_changed(fresh_warehouse: Settings) -> None:
    def made() -> set[str]:
        query = (
            "select oid::text from pg_catalog.pg_class where relnamespace = 'state'::regnamespace"
        )
        return named(fresh_warehouse, query, ROLE)

    before = made()
    apply_state(fresh_warehouse)
    assert made() == before
    ask(fresh_warehouse, "comment on schema state is 'The state of older code.'")
    apply_state(fresh_warehouse)
    assert not made() & before
    assert len(made()) == len(before)

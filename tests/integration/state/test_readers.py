"""Operators read the whole state. A reader of the marts reads what a problem is called, no more.

Every archived batch has its turn to be proven.
"""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from oic_assurance.clock import london_text
from oic_assurance.operations import upkeep
from oic_assurance.settings import Settings
from oic_assurance.state.apply import OPERATORS, READERS, ROLE, apply_state
from oic_assurance.warehouse.connections import OFFICE, SUPERVISOR
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


BATCHES, DAMAGED = 60, 5


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
        assert named(fresh_warehouse, _MAY_CALL, role) == {
            "london",
            "missing_tables",
            "problems_for_readers",
        }
    for role in (SUPERVISOR, OFFICE):
        assert named(fresh_warehouse, _MAY_READ, role) == set()
        assert named(fresh_warehouse, _MAY_CALL, role) == {"london", "missing_tables"}
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


def test_a_moment_is_shown_to_readers_as_commands_show_it(fresh_warehouse: Settings) -> None:
    clocks_change = datetime(2026, 10, 25, tzinfo=UTC)
    with as_reader(fresh_warehouse, "bi") as reader:
        for moment in (clocks_change + timedelta(minutes=minute) for minute in range(0, 240, 30)):
            [shown] = reader.execute("select state.london(%s)", [moment]).fetchone() or [""]
            assert shown == london_text(moment)


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


def test_every_batch_has_its_turn_although_some_never_agree(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def verify(_: Settings, *, batch_id: int) -> list[object]:
        compared.append(batch_id)
        with administrator(fresh_warehouse) as session:
            session.execute(
                "insert into audit.archive_proof (batch_id, disagreement) values (%s, %s) "
                "on conflict (batch_id) do update set proven_at = clock_timestamp()",
                (batch_id, "it is damaged" if batch_id <= DAMAGED else None),
            )
        return []

    monkeypatch.setattr(upkeep, "verify", verify)
    monkeypatch.setattr(upkeep, "NIGHTLY", ())
    with administrator(fresh_warehouse) as session:
        session.execute(
            "insert into audit.batch (batch_id, run_id, force_code, dataset, source_place, kind, "
            "delivered_for, status, kept_as) overriding system value "
            "select n, 'r', %s, case when n = %s then 'hr/forgotten' else 'hr/personnel' end, "
            "n || '.csv', 'file', now() + n * interval '1 second', 'landed', n || '.gz' "
            "from generate_series(1, %s) as n",
            (fresh_warehouse.force_code, BATCHES + 1, BATCHES + 1),
        )
        session.execute(
            "insert into audit.setting values ('force_code', %s)", (fresh_warehouse.force_code,)
        )
    for _ in range(upkeep.NIGHTS):
        did = upkeep.PROOFS.run(fresh_warehouse, False)
        assert did.counts["batches"] <= 4
    # A batch of a dataset that is declared no longer cannot be compared, and has no turn.
    assert set(compared) == set(range(1, BATCHES + 1))

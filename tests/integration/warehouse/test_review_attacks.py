"""Attacks on the list of records past their retention, on decisions and on the upkeep's record."""

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import UPKEEP, try_take
from oic_assurance.warehouse.roles import LOGIN_ROLES
from tests.integration.publishing.marts import as_reader
from tests.integration.warehouse.stage_roles import DENIED, may

#: Who decides needs the keys, and so does who erases. Nobody else does.
READ_KEYS = {"oic_review", "oic_erasure"}
KEYS = ("select row_key from audit.retention_due", "select row_key from audit.retention_state")
DECIDE = (
    "select audit.decide_review('F', 'd', 't', array[1], 'erase', null, 'x', 'a', false)",
    "select audit.confirm_review('F', 1, 'a')",
)
RECORD = (
    "select audit.begin_upkeep('logs')",
    "select audit.end_upkeep(1, 'done', '{}', null, null, null)",
)
#: What no login may do, also not the one that decides and the one that erases.
ATTACKS = (
    "insert into audit.retention_decision (force_code, dataset, table_name, decision, reason, "
    "records, account, login, decided_at, needs_second) values ('F', 'd', 't', 'erase', 'x', 1, "
    "'a', 'oic_review', now(), false)",
    "update audit.retention_decision set account = 'x'",
    "update audit.retention_decision set confirmed_account = 'x', confirmed_login = 'x', "
    "confirmed_at = now()",
    "delete from audit.retention_decision",
    "update audit.retention_due set decision_id = 1",
    "update audit.retention_due set due_at = '2020-01-01'",
    "insert into audit.upkeep (part) values ('logs')",
    "update audit.upkeep set outcome = 'done'",
    "delete from audit.upkeep",
    "alter function audit.begin_upkeep(text) owner to current_user",
    "set role oic_audit_keeper",
)


@pytest.mark.parametrize("role", [*LOGIN_ROLES, None], ids=lambda role: role or "owner")
def test_no_login_makes_or_changes_a_decision_or_the_record_of_upkeep(
    warehouse: Settings, role: str | None
) -> None:
    for attack in ATTACKS:
        with connect(warehouse, role=role) as session, pytest.raises(DENIED):
            session.execute(attack.encode())


def test_a_stage_cannot_decide_for_a_person_and_who_decides_cannot_erase(
    warehouse: Settings,
) -> None:
    for statement in DECIDE:
        for role in set(LOGIN_ROLES) - {"oic_review"}:
            assert not may(warehouse, role, statement)
        with (
            connect(warehouse, role="oic_review") as session,
            pytest.raises(psycopg.errors.CheckViolation),
        ):
            session.execute(statement.encode())
    for statement in (
        "delete from audit.retention_due",
        "delete from raw_general.personnel",
        "insert into audit.erasure default values",
        *RECORD,
    ):
        with connect(warehouse, role="oic_review") as session, pytest.raises(DENIED):
            session.execute(statement.encode())


def test_only_who_decides_and_who_erases_read_the_keys(warehouse: Settings) -> None:
    for statement in KEYS:
        assert {role for role in LOGIN_ROLES if may(warehouse, role, statement)} == READ_KEYS


@pytest.mark.parametrize("table", ["retention_due", "retention_summary", "upkeep"])
def test_a_reader_reads_nothing_of_it(warehouse: Settings, table: str) -> None:
    with as_reader(warehouse, "bi") as reader, pytest.raises(DENIED):
        reader.execute(f"select * from audit.{table}".encode())


def test_only_upkeep_takes_the_lock_of_upkeep_and_enters_the_record(warehouse: Settings) -> None:
    for role in set(LOGIN_ROLES) - {"oic_erasure"}:
        assert not may(warehouse, role, RECORD[0])
        with connect(warehouse, role=role, autocommit=True) as session, pytest.raises(DENIED):
            try_take(session, UPKEEP)
    with as_reader(warehouse, "bi") as reader, pytest.raises(DENIED):
        reader.execute("select locks.try_take('upkeep', false)")


def test_a_row_that_has_ended_is_never_ended_again(warehouse: Settings) -> None:
    with connect(warehouse, role="oic_erasure") as session:
        begun = session.execute("select audit.begin_upkeep('logs')").fetchone()
        assert begun is not None
        end = "select audit.end_upkeep(%s, %s, '{}', null, null, %s)"
        session.execute(end, (begun[0], "failed", "it broke"))
        with pytest.raises(psycopg.errors.CheckViolation, match="is not running"):
            session.execute(end, (begun[0], "done", None))

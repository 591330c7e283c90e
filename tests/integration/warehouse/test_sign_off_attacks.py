"""Attacks on the tables of sign-off, by each login and by the owner."""

from contextlib import suppress

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.roles import LOGIN_ROLES
from tests.databases import administrator
from tests.integration.operations.sign_off_world import TRACKED, publish_points
from tests.integration.warehouse.stage_roles import DENIED, may

#: The logins that may read the steps without the accounts. `oic_rekey` has the rights of publish.
READ_STEPS = {
    "oic_transform", "oic_gate", "oic_publish", "oic_rekey", "oic_audit", "oic_signoff"
}  # fmt: skip
#: The logins that may read the accounts.
READ_ACCOUNTS = {"oic_signoff", "oic_audit"}
ATTACKS = (
    "update signoff.entry set account = 'x'",
    "delete from signoff.entry",
    "truncate signoff.entry cascade",
    "insert into signoff.entry (entry_id, force_code, recommendation_code, round, step, by_role, "
    "account, login, through, entered_at, because, entry_hash) values (99, 'F', 'HYDRA', 1, "
    "'COMMISSIONER', 'COMMISSIONER', 'a', 'b', 'airflow', '2020-01-01', 'x', '')",
    "update signoff.head set entry_id = 0",
    "delete from signoff.head",
    "update signoff.rule set by_role = 'X'",
    "delete from signoff.rule",
    "update signoff.evidence_check set outcome = 'unchanged'",
    "insert into signoff.evidence_check (entry_id, outcome) values (1, 'missing')",
    "delete from signoff.evidence_check",
    "alter table signoff.entry disable trigger all",
    "drop table signoff.entry cascade",
    "drop schema signoff cascade",
    "create table signoff.own (n int)",
    "alter function signoff.broken_entries() owner to current_user",
    "select signoff.add_entry(null)",
    "select signoff.hash_entry(null, '')",
    "set role oic_audit_keeper",
)
FUNCTIONS = (
    "select signoff.make_step('F', 'HYDRA', 'FORCE', 'a', 'airflow', 'x', 1, 'f', null, null, "
    "null, false, null)",
    "select signoff.decide_reopening('F', 'HYDRA', 'x', 'COMMISSIONER', 'a', 'airflow', null)",
    "select signoff.enter_check(1, 'missing', null, null, null)",
)


@pytest.mark.parametrize("role", [*LOGIN_ROLES, None], ids=lambda role: role or "owner")
def test_no_login_alters_the_past(fresh_warehouse: Settings, role: str | None) -> None:
    for attack in ATTACKS:
        with connect(fresh_warehouse, role=role) as session, pytest.raises(DENIED):
            session.execute(attack.encode())


@pytest.mark.parametrize("role", [*LOGIN_ROLES, None], ids=lambda role: role or "owner")
def test_only_the_login_of_sign_off_makes_entries(
    fresh_warehouse: Settings, role: str | None
) -> None:
    for statement in FUNCTIONS:
        with connect(fresh_warehouse, role=role) as session:
            if role == "oic_signoff":
                # This login may call the functions, but they refuse a call that breaks a rule.
                with suppress(psycopg.errors.CheckViolation):
                    session.execute(statement.encode())
            else:
                with pytest.raises(DENIED):
                    session.execute(statement.encode())


def test_accounts_are_read_by_sign_off_and_by_the_auditor_only(fresh_warehouse: Settings) -> None:
    for role in LOGIN_ROLES:
        assert may(fresh_warehouse, role, "select * from signoff.step") == (role in READ_STEPS)
        for table in ("signoff.entry", "signoff.evidence_check"):
            assert may(fresh_warehouse, role, f"select * from {table}") == (role in READ_ACCOUNTS)
    with connect(fresh_warehouse) as owner, pytest.raises(DENIED):
        owner.execute("select * from signoff.entry")
    with administrator(fresh_warehouse) as connection:
        columns = connection.execute(
            "select attname::text from pg_attribute where attnum > 0 and attrelid in "
            "('signoff.step'::regclass, 'signoff.checked_evidence'::regclass)"
        ).fetchall()
    shown = {name for (name,) in columns}
    assert not shown & {"account", "login", "claimed_by", "because", "evidence_place", "why"}


def test_the_login_of_sign_off_cannot_break_a_rule_by_itself(fresh_warehouse: Settings) -> None:
    publication = publish_points(fresh_warehouse, HYDRA=("met_late", 96, 100))
    force = fresh_warehouse.force_code
    with connect(fresh_warehouse, role="oic_gate") as gate:
        row = gate.execute("select content_fingerprint from marts.publication").fetchone()
    assert row is not None

    def call(step: str, account: str, fingerprint: str, sha256: str | None = None) -> int:
        with connect(fresh_warehouse, role="oic_signoff") as session:
            made = session.execute(
                "select signoff.make_step(%s, %s, %s, %s, 'airflow', 'x', %s, %s, %s, %s, %s, "
                "false, null)",
                (force, TRACKED, step, account, publication, fingerprint, "a", sha256, 1),
            ).fetchone()
        assert made is not None
        return int(made[0])

    with pytest.raises(psycopg.errors.CheckViolation, match="comes after STEPS_AGREED"):
        call("COMMISSIONER", "a", row[0])
    with pytest.raises(psycopg.errors.CheckViolation, match="content fingerprint"):
        call("STEPS_AGREED", "a", "another")
    with pytest.raises(psycopg.errors.CheckViolation, match="There is no step"):
        call("REOPENED", "a", row[0])
    assert call("STEPS_AGREED", "a", row[0]) == 1
    with pytest.raises(psycopg.errors.CheckViolation, match="needs a file"):
        call("EVIDENCE", "b", row[0])
    call("EVIDENCE", "b", row[0], "ab" * 32)
    with pytest.raises(psycopg.errors.CheckViolation, match="its SHA-256 is another"):
        call("FORCE", "c", row[0], "cd" * 32)
    with pytest.raises(psycopg.errors.CheckViolation, match="another person"):
        call("FORCE", "A", row[0], "ab" * 32)
    with connect(fresh_warehouse, role="oic_signoff") as session:
        for cause in ("SLIPPED", "RESTATED", "EVIDENCE_CHANGED"):
            with pytest.raises(psycopg.errors.CheckViolation), session.transaction():
                session.execute("select signoff.reopen(%s, %s, %s, 'x')", (force, TRACKED, cause))
        with pytest.raises(psycopg.errors.CheckViolation), session.transaction():
            session.execute(
                "select signoff.enter_check(2, 'unchanged', %s, null, null)", ("cd" * 32,)
            )
        with pytest.raises(psycopg.errors.CheckViolation), session.transaction():
            session.execute("select signoff.enter_check(1, 'missing', null, null, null)")

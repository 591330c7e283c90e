"""Attacks from each login: a session has only the rights of its login, and cannot get more."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import ServerError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse import connections, logins
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import (
    STAGES,
    admin_url,
    connect,
    login_url,
    url,
    warehouse_url,
)
from oic_assurance.warehouse.locks import UPKEEP, try_take
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.roles import (
    AUDIT_KEEPER,
    IDENTITY_KEEPER,
    INHERITED,
    KEEPERS,
    LOGIN_ROLES,
    can_become,
)
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.operations.sign_off_world import TRACKED, publish_points
from tests.integration.publishing.marts import as_reader
from tests.integration.warehouse.stage_roles import DENIED, add_migration, may, run_as

PSEUDONYMS = "select * from identity.pseudonym"
#: What no login may do with the log of processing and with the objects of the keepers.
LOG_ATTACKS = (
    "update audit.processing_log set what = 'nothing'",
    "delete from audit.processing_log",
    "truncate audit.processing_log",
    "alter table audit.processing_log disable trigger all",
    "drop table audit.processing_log cascade",
    "alter table audit.processing_log owner to current_user",
    "create table audit.processing_log_of_mine (n int)",
    "create function landing.mine() returns int return 1",
    "alter function landing.is_plain_number(text) owner to current_user",
)
#: The stages whose work needs the map of pseudonyms. `oic_publish` has the rights of
#: `oic_transform`.
NEED_PSEUDONYMS = {"oic_rekey", "oic_landing", "oic_transform", "oic_publish", "oic_erasure"}
OTHERS = ("postgres", "warehouse_owner", "bi_reader", "rms_owner", *KEEPERS, *LOGIN_ROLES)


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
REVIEW_ATTACKS = (
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


#: The logins that may read the steps without the accounts. `oic_rekey` has the rights of publish.
READ_STEPS = {
    "oic_transform", "oic_gate", "oic_publish", "oic_rekey", "oic_audit", "oic_signoff"
}  # fmt: skip
#: The logins that may read the accounts.
READ_ACCOUNTS = {"oic_signoff", "oic_audit"}
SIGN_OFF_ATTACKS = (
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


@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_a_login_cannot_become_anybody_else(fresh_warehouse: Settings, role: str) -> None:
    for other in OTHERS:
        if other != role:
            if (role, other, True) not in INHERITED:
                assert not may(fresh_warehouse, role, f"set role {other}"), other
            assert not may(fresh_warehouse, role, f"set session authorization {other}"), other
    for statement in ("set role none", "reset role", "reset session authorization", "discard all"):
        with connect(fresh_warehouse, role=role, autocommit=True) as session:
            session.execute(statement.encode())
            assert session.execute("select session_user, current_user").fetchone() == (role, role)
    for statement in (
        f"grant {IDENTITY_KEEPER} to {role}",
        f"alter role {role} superuser",
        "alter role warehouse_owner password 'taken'",
        "create role helper",
        f"grant oic_erasure to {role}",
        "copy audit.run to program 'true'",
        "select pg_read_file('PG_VERSION')",
    ):
        assert not may(fresh_warehouse, role, statement), statement


def test_only_stages_that_need_the_map_of_pseudonyms_read_it(fresh_warehouse: Settings) -> None:
    can = {role for role in LOGIN_ROLES if may(fresh_warehouse, role, PSEUDONYMS)}
    assert can == NEED_PSEUDONYMS


@pytest.mark.parametrize("role", [*LOGIN_ROLES, None], ids=lambda role: role or "owner")
def test_no_login_makes_or_changes_what_is_on_record(warehouse: Settings, role: str | None) -> None:
    for attack in (*LOG_ATTACKS, *REVIEW_ATTACKS, *SIGN_OFF_ATTACKS):
        assert not may(warehouse, role, attack), attack


def test_the_owner_cannot_read_the_map_of_pseudonyms(fresh_warehouse: Settings) -> None:
    run_as(
        fresh_warehouse,
        "oic_landing",
        "insert into identity.pseudonym values ('E23000022', 'collar_no', '753', 'key', 1)",
    )
    for statement in (
        PSEUDONYMS,
        "copy identity.pseudonym to stdout",
        "alter table identity.pseudonym owner to warehouse_owner",
        "grant select on identity.pseudonym to warehouse_owner",
        "create table public.copied as select * from identity.pseudonym",
        "create trigger spy before update on identity.pseudonym for each row "
        "execute function suppress_redundant_updates_trigger()",
        "alter schema identity owner to warehouse_owner",
        "alter schema identity rename to mine",
        "drop schema identity cascade",
        f"grant {IDENTITY_KEEPER} to warehouse_owner",
        f"set role {IDENTITY_KEEPER}",
        f"alter role {IDENTITY_KEEPER} login password 'mine'",
        "set role oic_landing",
        "grant oic_landing to warehouse_owner",
        "alter role oic_landing password 'mine'",
        "alter default privileges for role oic_landing grant select on tables to warehouse_owner",
        "grant pg_read_all_data to warehouse_owner",
        "alter role warehouse_owner bypassrls superuser",
        "reassign owned by oic_identity_keeper to warehouse_owner",
        "drop owned by oic_identity_keeper cascade",
    ):
        assert not may(fresh_warehouse, None, statement), statement


def test_the_owner_reads_the_evidence_and_cannot_change_it(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse) as owner:
        assert owner.execute("select count(*) from audit.processing_log").fetchone() == (0,)
    for statement in (
        "insert into audit.processing_log (action, what) values ('collection', 'a lie')",
        "delete from audit.run",
        "alter table audit.processing_log add column lie text",
        "drop schema audit cascade",
        "update audit.schema_migration set checksum = 'x'",
        "delete from audit.access_change",
        f"set role {AUDIT_KEEPER}",
        f"grant {AUDIT_KEEPER} to warehouse_owner",
        "update audit.processing_head set chain_no = 0",
        "delete from audit.collected_server_log",
        "create or replace function audit.netstring(value text) returns text language sql "
        "return 'x'",
        "create or replace function audit.enter_processing(action text, what text, "
        "to_whom text default null, because text default null, run_id text default null, "
        "concerns text [] default null, claimed_by text default null) returns bigint "
        "language sql return 1",
        "create rule nothing as on insert to audit.processing_log do instead nothing",
        "create trigger nothing before insert on audit.processing_log "
        "execute function suppress_redundant_updates_trigger()",
        "select audit.add_processing(null)",
        "select audit.enter_consultation_of_server_log('a', now(), 'b', null, null, null, null)",
    ):
        assert not may(fresh_warehouse, None, statement), statement


def test_the_owner_owns_nothing_and_can_become_nobody(fresh_warehouse: Settings) -> None:
    """This test fails if a migration leaves the owner an object or a membership in a role."""
    with administrator(fresh_warehouse) as session:
        owned = session.execute(
            """
            select c.oid::regclass::text from pg_class as c
            where c.relowner = 'warehouse_owner'::regrole
            union all
            select p.oid::regprocedure::text from pg_proc as p
            where p.proowner = 'warehouse_owner'::regrole
            union all
            select nspname from pg_namespace where nspowner = 'warehouse_owner'::regrole
            """
        ).fetchall()
        assert owned == []
        assert can_become(session, "warehouse_owner") == []


def test_nobody_logs_in_as_a_keeper(fresh_warehouse: Settings) -> None:
    with administrator(fresh_warehouse) as session:
        rows = session.execute(
            "select rolname, rolcanlogin, rolsuper, rolbypassrls from pg_roles "
            "where rolname = any (%s)",
            ([*LOGIN_ROLES, *KEEPERS],),
        ).fetchall()
        members = session.execute(
            """
            select roleid::regrole::text, member::regrole::text, inherit_option, set_option
            from pg_auth_members
            where (roleid::regrole::text = any (%(ours)s) or member::regrole::text = any (%(ours)s))
                and not starts_with(roleid::regrole::text, 'pg_')
            """,
            {"ours": [*LOGIN_ROLES, *KEEPERS]},
        ).fetchall()
    assert {name: can_login for name, can_login, *_ in rows} == {
        **dict.fromkeys(LOGIN_ROLES, True),
        **dict.fromkeys(KEEPERS, False),
    }
    assert not any(superuser or bypass for *_, superuser, bypass in rows)
    assert set(members) == {(of, member, True, may_act) for member, of, may_act in INHERITED}


def test_a_login_runs_no_code_of_another_ones_schema(fresh_warehouse: Settings) -> None:
    """A schema named like the login would be searched first if the login's settings allowed it."""
    run_as(
        fresh_warehouse,
        "oic_transform",
        "create schema oic_landing",
        "create function oic_landing.upper(value varchar) returns text return 'stolen'",
        "grant usage on schema oic_landing to oic_landing",
        "grant execute on function oic_landing.upper(varchar) to oic_landing",
    )
    assert ask(fresh_warehouse, "select upper('a'::varchar)", login="oic_landing")[0] == ("A",)
    run_as(fresh_warehouse, "oic_transform", "drop schema oic_landing cascade")


def test_the_owner_lays_no_trap_for_the_administrator_that_migrates(
    fresh_warehouse: Settings,
) -> None:
    """The owner's function would have the administrator's rights if the administrator called it."""
    with connect(fresh_warehouse) as owner:
        owner.execute("create schema warehouse_owner")
        owner.execute("create table warehouse_owner.caught (who text)")
        owner.execute(
            """
            create function warehouse_owner.unnest(text[]) returns setof text
            language plpgsql as $trap$
            begin
                insert into warehouse_owner.caught values (session_user);
                return query select * from pg_catalog.unnest($1);
            end
            $trap$
            """
        )
    migrate(fresh_warehouse)
    with connect(fresh_warehouse) as owner:
        owner.execute("select * from unnest(array['trap'])")
        caught = owner.execute("select who from warehouse_owner.caught").fetchall()
    assert caught == [("warehouse_owner",)]


def test_a_migration_of_the_future_changes_what_the_keepers_own(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
        alter table audit.processing_log add column tomorrow text;
        create table audit.tomorrow (n integer);
        comment on table audit.tomorrow is 'One row per day.';
        alter table identity.pseudonym add column tomorrow text;
        create or replace function landing.is_plain_number(value text) returns boolean
        language sql immutable parallel safe as $f$ select false $f$;
        create role oic_tomorrow;
        grant oic_tomorrow to current_user with set true, inherit true;
        create schema tomorrow authorization oic_tomorrow;
        grant oic_tomorrow to oic_gate with inherit true, set false;
    """
    tomorrow = add_migration(monkeypatch, "tomorrow", text)
    assert migrate(fresh_warehouse) == [tomorrow.name]
    assert may(fresh_warehouse, "oic_gate", "select * from audit.tomorrow")
    assert may(fresh_warehouse, "oic_gate", "create table tomorrow.mine (n integer)")
    assert not may(fresh_warehouse, None, "set role oic_tomorrow")
    assert not may(fresh_warehouse, None, "insert into audit.tomorrow values (1)")
    test_the_owner_owns_nothing_and_can_become_nobody(fresh_warehouse)
    ask(fresh_warehouse, "drop owned by oic_tomorrow cascade; drop role oic_tomorrow")


def test_an_interrupted_migration_leaves_the_owner_no_member(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_migration(monkeypatch, "broken", "select 1 / 0")
    with pytest.raises(ServerError, match="division by zero"):
        migrate(fresh_warehouse)
    with administrator(fresh_warehouse) as session:
        assert can_become(session, "warehouse_owner") == []


def test_memberships_that_somebody_gave_the_owner_are_ended(
    fresh_warehouse: Settings,
) -> None:
    with administrator(fresh_warehouse, autocommit=True) as session:
        session.execute(
            "grant oic_landing, oic_transform to warehouse_owner with admin true, set true"
        )
    ask(fresh_warehouse, "grant oic_transform to oic_gate", login=None)
    assert migrate(fresh_warehouse) == []
    with administrator(fresh_warehouse) as session:
        assert can_become(session, "warehouse_owner") == []
    test_nobody_logs_in_as_a_keeper(fresh_warehouse)


def test_a_changed_password_is_refused_with_the_way_out_and_set_again(
    fresh_warehouse: Settings,
) -> None:
    with administrator(fresh_warehouse, autocommit=True) as session:
        for role in LOGIN_ROLES:
            session.execute(sql.SQL("alter role {} password 'other'").format(sql.Identifier(role)))

    def refusal(role: str) -> str:
        with pytest.raises(ServerError, match=r"assurance db start.*same password in") as refused:
            connect(fresh_warehouse, role=role)
        return refused.value.message

    # The server delays the answer to each failed login, so the logins are tried at the same time.
    with ThreadPoolExecutor(len(LOGIN_ROLES)) as pool:
        for role, message in zip(LOGIN_ROLES, pool.map(refusal, LOGIN_ROLES), strict=True):
            assert f"AIRFLOW_CONN_WAREHOUSE_{role.removeprefix('oic_').upper()}" in message
    assert migrate(fresh_warehouse) == []
    for role in LOGIN_ROLES:
        connect(fresh_warehouse, role=role).close()


def test_an_administrator_tries_only_passwords_that_the_server_does_not_have(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Any] = []

    def connecting(*uri: str, **options: Any) -> psycopg.Connection:
        tried.extend(conninfo_to_dict(one)["user"] for one in uri)
        return connecting_really(*uri, **options)

    connecting_really = psycopg.connect
    monkeypatch.setattr(psycopg, "connect", connecting)
    migrate(fresh_warehouse)
    assert tried == []
    ask(fresh_warehouse, "alter role oic_gate password 'other'")
    tried.clear()
    migrate(fresh_warehouse)
    assert tried == ["oic_gate"]
    connect(fresh_warehouse, role="oic_gate").close()


def test_an_airflow_connection_replaces_the_stored_password(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "postgresql://oic_gate:another-Long-passw0rd-of-24@/"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_GATE", given)
    assert url(fresh_warehouse, "gate") == login_url(fresh_warehouse, "oic_gate")
    place = conninfo_to_dict(warehouse_url(fresh_warehouse))
    assert conninfo_to_dict(login_url(fresh_warehouse, "oic_gate")) == {
        **place,
        "user": "oic_gate",
        "password": "another-Long-passw0rd-of-24",
    }
    migrate(fresh_warehouse)
    connect(fresh_warehouse, role="oic_gate").close()
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_GATE", given.replace("oic_gate", "oic_publish"))
    with pytest.raises(UsageError, match="WAREHOUSE_GATE must log in as 'oic_gate'"):
        connect(fresh_warehouse, role="oic_gate")
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE_GATE")
    migrate(fresh_warehouse)


def test_on_another_server_the_owner_migrates_and_its_further_rights_are_named(
    empty_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner that administers the roles can migrate alone, but could also join these roles."""
    with administrator(empty_warehouse, autocommit=True) as session:
        for role in (*KEEPERS, *LOGIN_ROLES):
            session.execute(
                sql.SQL(
                    "grant {} to warehouse_owner with admin true, set false, inherit false"
                ).format(sql.Identifier(role))
            )
    with monkeypatch.context() as patch:
        patch.setattr(connections, "administrator_url", lambda _: None)
        patch.setenv("ASSURANCE_ACCEPT_UNHARDENED", "yes")
        migrate(empty_warehouse)
        with connect(empty_warehouse) as owner:
            line = logins.warn_of_an_owner_with_more_rights(owner, "warehouse_owner")
        assert line is not None
        assert line.startswith(
            "The warehouse's login 'warehouse_owner' can make itself a member of "
            f"{', '.join(KEEPERS)}, oic_landing"
        )
        assert "AIRFLOW_CONN_WAREHOUSE_ADMIN" in line
        assert not may(empty_warehouse, None, PSEUDONYMS)
        assert not may(empty_warehouse, None, "set role oic_landing")
    # Do what the message says: run the same command with an administrator's connection.
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_ADMIN", admin_url(empty_warehouse))
    assert migrate(empty_warehouse) == []
    with connect(empty_warehouse) as owner:
        assert logins.warn_of_an_owner_with_more_rights(owner, "warehouse_owner") is None


def test_every_login_has_a_name_for_its_url(fresh_warehouse: Settings) -> None:
    for name, role in STAGES.items():
        with psycopg.connect(url(fresh_warehouse, name)) as session:
            assert session.execute("select current_user").fetchone() == (role,)
    parts = conninfo_to_dict(login_url(fresh_warehouse, "oic_gate"))
    wrong = libpq_uri({**{k: str(v) for k, v in parts.items()}, "password": "wrong"})
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(wrong)


def test_a_server_belongs_to_one_force(
    empty_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The roles of a server are the same in all its databases, so two forces cannot share them."""
    with psycopg.connect(admin_url(empty_warehouse), autocommit=True) as administrator:
        try:
            monkeypatch.setenv("ASSURANCE_ENTERED_FORCE", "E23000022")
            migrate(empty_warehouse)
            migrate(empty_warehouse)
            monkeypatch.setenv("ASSURANCE_ENTERED_FORCE", "E23000021")
            with pytest.raises(ServerError, match="has the warehouse of the force E23000022: give"):
                migrate(empty_warehouse)
        finally:
            administrator.execute("comment on role oic_landing is null")


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


def test_only_the_login_of_sign_off_makes_entries(warehouse: Settings) -> None:
    for statement in FUNCTIONS:
        for role in {*LOGIN_ROLES, None} - {"oic_signoff"}:
            assert not may(warehouse, role, statement), role
        # This login may call the functions, but they refuse a call that breaks a rule.
        with suppress(psycopg.errors.CheckViolation):
            assert may(warehouse, "oic_signoff", statement)


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

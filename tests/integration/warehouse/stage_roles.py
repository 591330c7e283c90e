"""Run statements under the roles of the warehouse, and give the code one migration more."""

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse import migrate as migrating
from oic_assurance.warehouse import versions
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.migrate import Migration

STAGES = ("oic_landing", "oic_transform", "oic_gate", "oic_publish")
DENIED = psycopg.errors.InsufficientPrivilege
#: What no reader may do, even if the session has switched its read-only default off.
ATTACKS = (
    "select lo_from_bytea(0, 'x')",
    "select lo_create(0)",
    "select lo_creat(-1)",
    "select lo_get(1)",
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_lock_shared(1)",
    "select pg_advisory_xact_lock(1, 1)",
    "select pg_logical_emit_message(false, 'a', 'b')",
    "select pg_notify('a', 'b')",
    "insert into marts.publication default values",
    "update marts.publication set publication_id = 1",
    "delete from marts.publication",
    "truncate marts.publication",
    "comment on table marts.publication is 'x'",
    "begin; lock table marts.publication in access exclusive mode",
    "copy marts.publication to program 'true'",
    "create schema s",
    "create sequence marts.s",
    "create view marts.v as select 1",
    "create role r",
    "create temporary table t (a integer)",
    "create table public.t (a integer)",
    "set temp_file_limit = -1",
    "alter role current_user connection limit 1000",
    "select limits.end_overdue()",
    "update limits.setting set setting = '1d'",
    "alter role current_user valid until 'infinity'",
    "alter role current_user bypassrls",
    "alter role current_user set temp_file_limit = -1",
    "alter role current_user set log_statement = 'none'",
    "alter role current_user set session_preload_libraries = 'x'",
    "alter role oic_gate set timezone = 'Asia/Tokyo'",
    "alter role all set timezone = 'Asia/Tokyo'",
    "create temporary sequence s",
    "create temporary view v as select 1",
    "create function pg_temp.f() returns integer return 1",
    "copy (select 1) to '/tmp/x'",
    "do $$ begin create temporary table t (a integer); end $$",
    "grant oic_gate to current_user",
    "set role oic_gate",
    "set session authorization oic_gate",
    "reassign owned by current_user to oic_gate",
    "select lo_import('/etc/passwd')",
    "select pg_create_restore_point('x')",
    "create publication p",
    "create extension dblink",
    "checkpoint",
)


def may(settings: Settings, role: str | None, statement: str) -> bool:
    """Return whether a role may run a statement. The statement's effect is rolled back."""
    with connect(settings, role=role) as connection:
        try:
            connection.execute(statement.encode())
        except DENIED:
            return False
        finally:
            connection.rollback()
    return True


def run_as(settings: Settings, role: str, *statements: str) -> None:
    """Run statements under a role and commit them."""
    with connect(settings, role=role) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def add_migration(patch: pytest.MonkeyPatch, name: str, text: str) -> Migration:
    """Let the code have one migration more, with this text."""
    known = migrating.known_migrations()
    number = known[-1].number + 1
    added = Migration(number, f"{number}_{name}.sql", (text,))
    patch.setattr(migrating, "known_migrations", lambda: [*known, added])
    patch.setattr(versions, "newest_migration", lambda: versions.Number(number, added.name))
    return added

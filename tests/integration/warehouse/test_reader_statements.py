"""A role without a login owns the log of processing, and the server logs readers' statements."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url, connect
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.reader_statements import logins_not_logged
from oic_assurance.warehouse.roles import AUDIT_KEEPER

_OWNERS = """
select distinct pg_get_userbyid(relowner) from pg_class
where relnamespace = 'audit'::regnamespace and relname like 'processing_%' and relkind <> 'i'
union
select distinct pg_get_userbyid(proowner) from pg_proc
where pronamespace = 'audit'::regnamespace and (proname ~ 'processing|server_log|hash_entry')
"""


def owners(settings: Settings) -> list[str]:
    with connect(settings) as connection:
        return [name for (name,) in connection.execute(_OWNERS)]


@pytest.fixture
def administrator(settings: Settings) -> Iterator[psycopg.Connection]:
    """A session of the server's administrator. At the end, it removes the owner from the keeper."""
    with psycopg.connect(admin_url(settings), autocommit=True) as connection:
        yield connection
        connection.execute("revoke oic_audit_keeper from warehouse_owner")


def test_the_log_belongs_to_the_keeper_and_its_role_has_no_login_and_no_member(
    fresh_warehouse: Settings, administrator: psycopg.Connection
) -> None:
    assert owners(fresh_warehouse) == [AUDIT_KEEPER]
    assert administrator.execute(
        "select rolcanlogin, rolsuper, "
        "(select count(*) from pg_auth_members where roleid = r.oid or member = r.oid) "
        "from pg_roles as r where rolname = %s",
        (AUDIT_KEEPER,),
    ).fetchone() == (False, False, 0)


def test_readers_that_an_administrator_made_are_logged_after_the_next_start(
    fresh_warehouse: Settings, administrator: psycopg.Connection
) -> None:
    administrator.execute("create role by_hand login in role supervisor_reader")
    try:
        with connect(fresh_warehouse) as connection:
            assert logins_not_logged(connection) == ["by_hand"]
            # The owner can do this, but the change does not last, and `assurance audit collect`
            # reports it.
            connection.execute("alter role bi_reader set log_statement = 'none'")
            connection.execute(
                SQL("alter role bi_reader in database {} set log_statement = 'none'").format(
                    Identifier(connection.info.dbname)
                )
            )
            assert logins_not_logged(connection) == ["bi_reader", "by_hand"]
        migrate(fresh_warehouse)
        with connect(fresh_warehouse) as connection:
            assert logins_not_logged(connection) == []
    finally:
        administrator.execute("drop role by_hand")

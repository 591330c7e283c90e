"""Access is given, ended and listed, and every change of access is recorded."""

import pytest
from psycopg import sql

from oic_assurance.errors import ServerError, UsageError
from oic_assurance.operations.access import end, give, list_access
from oic_assurance.settings import Settings
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import (
    Connect,
    database_of,
    log_in,
    refused,
    rows,
    warehouse,
)

__all__ = ["log_in", "warehouse"]


def test_ended_access_is_gone_at_the_next_statement(warehouse: Settings, log_in: Connect) -> None:
    reader = log_in("inspector_two")
    end(warehouse, "inspector_two", ["U2"], "moved to another team")
    assert {unit for (unit,) in rows(reader, "assurance_exception", "org_unit_code")} == {"U3"}
    end(warehouse, "inspector_two", [], "left the force")
    with refused():
        rows(reader, "assurance_exception")
    assert {one.login for one in list_access(warehouse)} == {"inspector_one", "office_reader"}


def test_every_change_is_recorded_with_its_reason(warehouse: Settings, log_in: Connect) -> None:
    found = [
        (one.login, one.units, one.is_supervisor, one.is_office, one.because)
        for one in list_access(warehouse)
    ]
    assert found == [
        ("inspector_one", ["U1"], True, False, "works the list"),
        ("inspector_two", ["U2", "U3"], True, False, "works the list"),
        ("office_reader", [], False, True, "works the list"),
    ]
    end(warehouse, "inspector_two", ["U3"], "moved")
    entered = ask(
        warehouse,
        "select login, audience, org_unit_code, is_granted, because from audit.access_change "
        "where changed_by <> '' order by change_id",
    )
    given = [
        ("inspector_one", "SUPERVISOR", "U1"),
        ("inspector_two", "SUPERVISOR", "U2"),
        ("inspector_two", "SUPERVISOR", "U3"),
        ("office_reader", "OFFICE", None),
    ]
    assert entered == [
        *((*one, True, "works the list") for one in given),
        ("inspector_two", "SUPERVISOR", "U3", False, "moved"),
    ]


@pytest.mark.parametrize(
    ("login", "units", "message"),
    [
        ("inspector_one", ["U99"], "There is no unit 'U99'"),
        ("bi_reader", ["U1"], "a role of the warehouse itself"),
        ("oic_unit_x", ["U1"], "a role of the warehouse itself"),
        ("oic_new", ["U1"], "a role of the warehouse itself"),
        # `assurance db look` would make this login read everything for the account "ann".
        ("look_ann", ["U1"], "a role of the warehouse itself"),
        ("warehouse_owner", ["U1"], "can already see more"),
        ("x" * 64, ["U1"], "1 to 63 characters"),
    ],
)
def test_a_wrong_unit_or_login_gets_no_access(
    warehouse: Settings, login: str, units: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        give(warehouse, login, units, "a mistake")
    assert list_access(warehouse) == []


@pytest.mark.parametrize(
    "right",
    [
        "grant pg_read_all_data to analyst",
        "grant pg_read_all_stats to analyst",
        "grant oic_gate to analyst with inherit false, set true",
        "alter role analyst bypassrls",
    ],
)
def test_a_login_with_other_rights_cannot_be_limited(warehouse: Settings, right: str) -> None:
    ask(warehouse, f"create role analyst login; {right}")
    with pytest.raises(UsageError, match="can already see more"):
        give(warehouse, "analyst", ["U1"], "a mistake")


def test_access_that_an_administrator_has_granted_cannot_be_ended(
    warehouse: Settings, log_in: Connect
) -> None:
    other = sql.Identifier(f"oic_unit_{database_of(warehouse)}_{warehouse.force_code}_U2")
    ask(warehouse, sql.SQL("grant {} to inspector_one").format(other))
    with pytest.raises(ServerError, match="was granted that by an administrator"):
        end(warehouse, "inspector_one", ["U2"], "left")
    ended = ask(warehouse, "select from audit.access_change where not is_granted")
    assert ended == []
    assert {unit for (unit,) in rows(log_in("inspector_one"), "dim_officer", "org_unit_code")} == {
        "U1", "U2",
    }  # fmt: skip


def test_a_supervisor_cannot_read_as_the_office_too(warehouse: Settings, log_in: Connect) -> None:
    with pytest.raises(UsageError, match="reads as a supervisor already"):
        give(warehouse, "inspector_one", [], "a promotion")
    with pytest.raises(UsageError, match="does not read the records of U2"):
        end(warehouse, "inspector_one", ["U2"], "a mistake")

"""A migration that is interrupted anywhere goes on, and ends with the same schema."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from oic_assurance.settings import load_settings
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.roles import can_become
from tests.databases import administrator, temporary_warehouse
from tests.upgrade.interrupted import (
    KINDS,
    REPORTED,
    interrupt,
    points,
    schema,
    statements_passed,
    trap,
)
from tests.upgrade.state import Released

#: How many of the statements inside migrations' files the slow test ends a session at.
TRAPS = 40


@pytest.fixture(autouse=True)
def the_states_server(state: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the server of the restored state. Its warehouse is only ever copied."""
    monkeypatch.setenv("ASSURANCE_HOME", str(state.settings.home))


@contextmanager
def copy() -> Iterator[None]:
    """Use a copy of the restored warehouse, which is not migrated."""
    with temporary_warehouse(f"copy_{uuid.uuid4().hex[:8]}", template="warehouse"):
        yield


@pytest.fixture(scope="module")
def upgraded(state: Released) -> tuple[int, dict[str, str]]:
    """How many points an upgrade without an interruption passes, and the schema at its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSURANCE_HOME", str(state.settings.home))
        with copy():
            # The first migration on a server makes roles that the next ones find.
            migrate(load_settings())
        with copy():
            return points(), schema()


def check_end(wanted: dict[str, str]) -> None:
    """Migrate to the end, and compare the schema. The owner is left without a right too many."""
    migrate(load_settings())
    assert schema() == wanted
    with administrator(load_settings()) as session:
        assert can_become(session, "warehouse_owner") == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_upgrade_that_is_interrupted_again_and_again_comes_to_its_end(
    upgraded: tuple[int, dict[str, str]], kind: str
) -> None:
    number, wanted = upgraded
    with copy():
        for point in range(1, number + 10, max(1, number // 8)):
            interrupt(point, kind)
        check_end(wanted)


@pytest.mark.slow
def test_an_upgrade_goes_on_from_every_point(upgraded: tuple[int, dict[str, str]]) -> None:
    number, wanted = upgraded
    assert number > 50
    for point in range(1, number + 1):
        kind = KINDS[point % len(KINDS)]
        with copy():
            assert interrupt(point, kind) == (-9 if kind == "kill" else REPORTED), (point, kind)
            check_end(wanted)


@pytest.mark.slow
def test_an_upgrade_goes_on_after_a_session_was_ended_inside_a_migration(
    upgraded: tuple[int, dict[str, str]],
) -> None:
    _, wanted = upgraded
    with copy(), trap(0):
        migrate(load_settings())
        number = statements_passed()
    assert number > TRAPS
    for chosen in range(1, number + 1, max(1, number // TRAPS)):
        with copy():
            with trap(chosen):
                assert interrupt(0, "kill") == REPORTED, chosen
            check_end(wanted)


def test_an_upgraded_warehouse_has_all_that_a_new_one_has(
    upgraded: tuple[int, dict[str, str]],
) -> None:
    """And more: what landings and publications have made, with rights that they have given."""
    _, wanted = upgraded
    with temporary_warehouse(f"new_{uuid.uuid4().hex[:8]}"):
        migrate(load_settings())
        new = schema()
    assert len(new) > 300
    for what, text in new.items():
        is_of_rights = what.startswith(("ACL", "DEFAULT ACL"))
        missing = set(text.splitlines()) - set(wanted.get(what, "").splitlines())
        assert missing == set(), what
        assert is_of_rights or text == wanted[what], what

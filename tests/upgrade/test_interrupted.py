"""An upgrade that is interrupted anywhere has changed all or nothing, and comes to its end."""

import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from oic_assurance.settings import load_settings
from oic_assurance.warehouse.roles import can_become
from tests.databases import administrator, temporary_warehouse
from tests.upgrade.earlier import copy, upgrade
from tests.upgrade.interrupted import (
    KINDS,
    REPORTED,
    interrupt,
    points,
    schema,
    statements_passed,
    trap,
)

#: How many of the statements inside migrations' files the slow test ends a session at.
TRAPS = 40
#: The slow test interrupts upgrades at every such point. There are about a hundred points.
EVERY = 11


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade without an interruption does.

    Attributes:
        newest: The last migration that it applies.
        points: How many points it passes.
        before, after: The schema at its beginning and at its end.
    """

    newest: str
    points: int
    before: dict[str, str]
    after: dict[str, str]

    def check(self) -> None:
        """Check that the warehouse has all migrations or is as before, and come to the end."""
        self.check_whole()
        upgrade()
        assert schema() == self.after
        with administrator(load_settings()) as session:
            assert can_become(session, "warehouse_owner") == []

    def check_whole(self) -> None:
        """Check that the warehouse has all migrations or is as before.

        The server's own catalogues are closed after the migrations.
        """
        with administrator(load_settings()) as session:
            row = session.execute(
                "select name from audit.schema_migration order by number desc limit 1"
            ).fetchone()
        assert row == (self.newest,) or schema() == self.before


@pytest.fixture(scope="module")
def upgraded(earlier: list[str]) -> Upgraded:
    """An upgrade without an interruption."""
    with new_copy():
        before = schema()
        # The first upgrade on a server makes roles that the next ones find.
        upgrade()
    with new_copy():
        return Upgraded(earlier[-1], points(), before, schema())


def new_copy() -> AbstractContextManager[None]:
    """Use a new copy of the earlier state."""
    return copy(f"copy_{uuid.uuid4().hex[:8]}")


@pytest.mark.parametrize(
    "kind", [one if one == "kill" else pytest.param(one, marks=pytest.mark.slow) for one in KINDS]
)
def test_an_upgrade_that_is_interrupted_again_and_again_comes_to_its_end(
    upgraded: Upgraded, kind: str
) -> None:
    with new_copy():
        for point in range(1, upgraded.points + 10, max(1, upgraded.points // 4)):
            interrupt(point, kind)
            upgraded.check_whole()
        upgraded.check()


@pytest.mark.slow
def test_an_upgrade_may_be_interrupted_at_any_point(upgraded: Upgraded) -> None:
    assert upgraded.points > 50
    for point in range(1, upgraded.points + 1, EVERY):
        kind = KINDS[point % len(KINDS)]
        with new_copy():
            assert interrupt(point, kind) == (-9 if kind == "kill" else REPORTED), (point, kind)
            upgraded.check()


@pytest.mark.slow
def test_a_session_may_be_ended_inside_a_migration(upgraded: Upgraded) -> None:
    with new_copy(), trap(0):
        upgrade()
        number = statements_passed()
    assert number > TRAPS
    for chosen in range(1, number + 1, max(1, number // TRAPS)):
        with new_copy():
            with trap(chosen):
                assert interrupt(0, "kill") == REPORTED, chosen
            upgraded.check()


def test_an_upgraded_warehouse_has_all_that_a_new_one_has(upgraded: Upgraded) -> None:
    """And more: what landings and publications have made, with rights that they have given."""
    with temporary_warehouse(f"new_{uuid.uuid4().hex[:8]}"):
        upgrade()
        new = schema()
    assert len(new) > 300
    for what, text in new.items():
        is_of_rights = what.startswith(("ACL", "DEFAULT ACL"))
        # The dictionary of data has the marts of the earlier state in it.
        missing = set(text.splitlines()) - set(upgraded.after.get(what, "").splitlines())
        assert missing == set(), what
        assert is_of_rights or text == upgraded.after[what], what

"""Checks and changes that several tests of operations need."""

from oic_assurance.operations.verify.verify import verify
from tests.integration.landing.support import World


def disagreements(world: World, dataset: str) -> list[str]:
    """Return the differences between raw and the archive of a dataset, one line each."""
    [proof] = verify(world.settings, dataset)
    return [str(one) for one in proof.disagreements]


def assert_agrees(world: World, dataset: str) -> None:
    """Check that raw and the archive of a dataset agree, and that every batch was compared."""
    [proof] = verify(world.settings, dataset)
    assert [str(one) for one in proof.disagreements] == []
    assert proof.not_compared == []


def damage(world: World, statement: str, *values: object) -> None:
    """Change raw or audit as the administrator. No role of the warehouse may do that."""
    with world.as_owner() as administrator:
        administrator.execute(statement.encode(), values or None)

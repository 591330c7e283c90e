"""Helpers for tests of operations: compare raw with the archive, and damage raw."""

from oic_assurance.operations.verify.verify import verify
from tests.integration.landing.support import World


def disagreements(world: World, dataset: str) -> list[str]:
    """Compare raw with a dataset's archived batches. Return a line for each difference."""
    [proof] = verify(world.settings, dataset)
    return [str(one) for one in proof.disagreements]


def assert_agrees(world: World, dataset: str) -> None:
    """Check that raw agrees with every archived batch of a dataset.

    The check also fails if a batch cannot be compared.
    """
    [proof] = verify(world.settings, dataset)
    assert [str(one) for one in proof.disagreements] == []
    assert proof.not_compared == []


def damage(world: World, statement: str, *values: object) -> None:
    """Change raw or audit as the administrator, because no role of the warehouse may do this."""
    with world.as_owner() as administrator:
        administrator.execute(statement.encode(), values or None)

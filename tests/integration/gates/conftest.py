"""Fixtures for the gate's tests: the warehouse of the small force, and Great Expectations on it.

Both are made once for each module of tests.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.gates.auditor import Auditor
from oic_assurance.gates.logging import silenced
from oic_assurance.warehouse.connections import sqlalchemy_url
from tests.integration.gates.warehouse import World, small_force


@pytest.fixture(scope="module")
def world(home: Path) -> Iterator[World]:
    """The warehouse of the small force."""
    with small_force() as made:
        yield made


@pytest.fixture(scope="module")
def auditor(world: World) -> Iterator[Auditor]:
    """Great Expectations for the tables of the small force, without printed messages."""
    with silenced(), Auditor(sqlalchemy_url(world.settings, role="oic_gate"), world.places) as one:
        yield one

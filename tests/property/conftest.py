"""A warehouse for the property tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings
from tests.integration.landing.support import warehouse_of_its_own


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    """A new warehouse database with all migrations, which the tests of one module share."""
    with warehouse_of_its_own() as settings:
        yield settings

"""A warehouse for the property tests."""

from collections.abc import Iterator

import pytest

from oic_assurance.settings import Settings
from tests.databases import Prepared, migrated


@pytest.fixture(scope="module")
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    """A new warehouse database with all migrations, which the tests of one module share."""
    with prepared.copy(migrated) as settings:
        yield settings

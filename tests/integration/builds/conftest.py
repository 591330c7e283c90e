"""Fixture: a force whose records and rules change. It is made once for each module."""

from collections.abc import Iterator

import pytest

from tests.integration.builds.restated_world import RestatedWorld, temporary_world


@pytest.fixture(scope="module")
def world() -> Iterator[RestatedWorld]:
    """The force before its first publication, on a separate server."""
    with temporary_world() as made:
        yield made

"""Fixtures for the browser tests: a synthetic force with a publication."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.terminal import Terminal, published_force


@pytest.fixture(scope="session")
def published() -> Iterator[Terminal]:
    with published_force("2025-06-01") as terminal:
        yield terminal

"""The small warehouse that lacks migrations, made once for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.upgrade.earlier import earlier_state


@pytest.fixture(scope="module")
def earlier(home: Path) -> Iterator[list[str]]:
    """Make the state on the session's server, and return which migrations it lacks."""
    with earlier_state() as lacking:
        yield lacking

"""The small state of an earlier version, made once for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.upgrade.earlier import earlier_state


@pytest.fixture(scope="module")
def earlier(home: Path) -> Iterator[None]:
    """Make the earlier state on the session's server. Tests upgrade copies of it."""
    with earlier_state():
        yield

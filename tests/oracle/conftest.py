"""The worked examples compute with the contract's default policy, whatever the seeds say."""

from collections.abc import Iterator

import pytest

from .defaults import DEFAULTS
from .policy import current, read_policy


@pytest.fixture(autouse=True)
def default_policy() -> Iterator[None]:
    current.use(DEFAULTS)
    yield
    current.use(read_policy())

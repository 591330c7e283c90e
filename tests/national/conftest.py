"""Fixtures of the national warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Prepared
from tests.national.world import NationalWorld, national_world


@pytest.fixture
def world(prepared: Prepared, tmp_path: Path) -> Iterator[NationalWorld]:
    """A national warehouse with an empty dropzone, for one test."""
    with national_world(prepared, tmp_path) as made:
        yield made

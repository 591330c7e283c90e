"""A folder of declarations."""

from pathlib import Path

import pytest

from tests.unit.sources.declarations.examples import FILE, NAMES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one declaration: the example `FILE`, which is a dataset from files."""
    (tmp_path / NAMES[FILE]).write_text(FILE, encoding="utf-8")
    return tmp_path

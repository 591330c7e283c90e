"""A state folder of the test's own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder that does not exist yet."""
    home = tmp_path / "a home"
    monkeypatch.setenv("ASSURANCE_HOME", str(home))
    return home

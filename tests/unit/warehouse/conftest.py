"""A state folder for each test that asks for one."""

from pathlib import Path

import pytest


@pytest.fixture
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a state folder that does not exist yet, and make it the one that is used."""
    folder = tmp_path / "a state folder"
    monkeypatch.setenv("ASSURANCE_HOME", str(folder))
    return folder

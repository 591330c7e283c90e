"""A state folder for tests that ask for one."""

from pathlib import Path

import pytest


@pytest.fixture
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a state folder that does not exist yet, and that the settings use."""
    folder = tmp_path / "a state folder"
    monkeypatch.setenv("ASSURANCE_HOME", str(folder))
    return folder

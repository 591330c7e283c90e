"""A deployment with two forces, in a state folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.forces.enter import leave
from tests.unit.forces.test_declared import TWO


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the state folder. After the test, the process has left every force."""
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path))
    (tmp_path / "forces.yml").write_text(TWO)
    yield tmp_path
    leave()

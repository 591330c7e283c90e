"""A daily run works with every Python that the README names and that this machine has."""

import sys
from pathlib import Path

import pytest

from tests.machines.machine import Machine, fresh, pythons

pytestmark = pytest.mark.slow
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = {version: place for version, place in pythons() if version != HERE}


def test_this_machine_has_another_python() -> None:
    assert OTHERS, f"only Python {HERE} is here: make test-all installs Debian's python3-venv"


@pytest.mark.parametrize("version", OTHERS)
def test_another_python_does_the_daily_run(tmp_path: Path, version: str) -> None:
    with fresh(Machine(tmp_path / "checkout")) as machine:
        shown = machine.install_and_run(OTHERS[version])
        assert "Assurance position as at" in shown
        is_used = machine.run(machine.checkout / ".venv/bin/python", "--version").stdout
        assert is_used.startswith(f"Python {version}.")

"""Only one process at a time holds the lock of a state folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.process_lock import holder_of, only_one

HOLD = """
import sys, time
from oic_assurance.warehouse.process_lock import only_one
from oic_assurance.settings import load_settings
with only_one(load_settings(), "run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path))
    return load_settings()


def test_the_error_names_the_process_that_holds_the_lock(settings: Settings) -> None:
    with (
        only_one(settings, "run"),
        pytest.raises(AssuranceError, match=f"process {os.getpid()}"),
        only_one(settings, "run"),
    ):
        pass


def test_the_lock_ends_with_a_killed_process(settings: Settings) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert holder_of(settings, "run") == other.pid
    finally:
        other.kill()
        other.communicate()
    assert holder_of(settings, "run") is None
    with only_one(settings, "run"):
        assert holder_of(settings, "run") == os.getpid()

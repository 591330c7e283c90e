"""What Airflow's scheduler imports, so that the tasks need not."""

import importlib.util
import subprocess
import sys

import pytest

from oic_assurance.platform.airflow.executor import MODULES

PROGRAM = """
import os
from oic_assurance.platform.airflow.executor import prepare
prepare()
assert len(os.listdir("/proc/self/task")) == 1
"""


@pytest.mark.parametrize("name", MODULES)
def test_the_modules_exist(name: str) -> None:
    assert importlib.util.find_spec(name)


@pytest.mark.slow
def test_no_module_starts_a_thread() -> None:
    # A process that is copied has only one of its threads. What the others hold stays locked.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

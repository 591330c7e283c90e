"""What Airflow's scheduler imports, so that the tasks need not."""

import importlib.util

import pytest

from tests.commands import python

PROGRAM = """
import os
from oic_assurance.platform.airflow.executor import prepare
prepare()
assert len(os.listdir("/proc/self/task")) == 1
"""


def test_the_modules_exist() -> None:
    # This imports Airflow, which takes a second.
    from oic_assurance.platform.airflow.executor import MODULES

    assert [name for name in MODULES if importlib.util.find_spec(name) is None] == []


@pytest.mark.slow
def test_no_module_starts_a_thread() -> None:
    # A process that is copied has only one of its threads. What the others hold stays locked.
    done = python("-c", PROGRAM)
    assert done.returncode == 0, done.stderr

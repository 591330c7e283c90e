"""What Airflow's scheduler imports, so that the tasks need not."""

import pytest

from tests.commands import python

PROGRAM = """
import os
import sys
from oic_assurance.platform.airflow.executor import prepare
prepare()
assert "expectations.catalogue" in sys.modules
assert "oic_assurance.pipeline" in sys.modules
assert len(os.listdir("/proc/self/task")) == 1
"""


@pytest.mark.slow
def test_no_module_starts_a_thread() -> None:
    # A process that is copied has only one of its threads. What the others hold stays locked.
    done = python("-c", PROGRAM)
    assert done.returncode == 0, done.stderr

"""The doctor finds a clock that is wrong. A program of Debian gives a process another time."""

import json
import os
import subprocess
import sys

import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import warehouse_url

pytestmark = pytest.mark.slow
MEASURE = """
import json
from oic_assurance.operations.doctor.machine import measure_clock
from oic_assurance.settings import load_settings
print(json.dumps([one.state for one in measure_clock(load_settings())]))
"""


@pytest.mark.parametrize(
    ("shift", "state"),
    [("+0s", "ok"), ("+30s", "advice"), ("+10m", "failed"), ("-1d", "failed")],
)
def test_a_clock_that_is_wrong_is_found(fresh_warehouse: Settings, shift: str, state: str) -> None:
    environment = {
        **os.environ,
        "ASSURANCE_HOME": str(fresh_warehouse.home),
        "AIRFLOW_CONN_WAREHOUSE": warehouse_url(fresh_warehouse),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        ["faketime", "-f", shift, sys.executable, "-c", MEASURE],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [state]

"""The gate starts without what it never uses, and what was left out still works."""

import subprocess
import sys

SCRIPT = """
import sys
from oic_assurance.gates.deferred import load_great_expectations
load_great_expectations()
import great_expectations.expectations
loaded = {name for name in sys.modules if name.startswith("scipy.stats._")}
from scipy import stats
print(len(loaded), stats.norm.cdf(0), "pyspark" in sys.modules)
"""


def test_statistics_are_loaded_when_they_are_first_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0 0.5 False\n"

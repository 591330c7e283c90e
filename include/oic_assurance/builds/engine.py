"""Build models with the engine that the deployment has chosen.

The models are the same for each engine. What differs between engines is in the macros of
`dbt_project/macros/dialect/`.
"""

import os
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from oic_assurance.builds.dbt import ONLY_RESULTS, Node, is_described, run_dbt
from oic_assurance.builds.record import Purpose
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import SPARK, Settings

#: The packages that only Spark needs.
PACKAGES = ("dbt.adapters.spark", "pyarrow", "pyspark")


def run_models(settings: Settings, purpose: Purpose, arguments: Sequence[str]) -> list[Node]:
    """Run a dbt command that builds models for a purpose, and return the result of each node.

    Whatever the engine is, the tables, views and seeds are in the warehouse afterwards.

    Raises:
        BuildFailed: A model cannot be built. The message names the cause.
        AssuranceError: The project cannot be read, or the engine cannot be used.
    """
    check_engine(settings)
    if settings.engine == SPARK:
        from oic_assurance.builds.spark import build

        return build.build_on_spark(settings, purpose, arguments)
    # Writing the manifest takes half a second of processor time. It is written again after the
    # project has changed.
    written = [ONLY_RESULTS] if is_described(settings, purpose) else []
    return run_dbt(settings, purpose, [*arguments, *written])


def check_engine(settings: Settings) -> None:
    """Check that what the engine needs is on this host, before a run lands anything for it.

    Raises:
        AssuranceError: Something is missing. The message says what to install.
    """
    if settings.engine != SPARK:
        return
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise AssuranceError(
            f"ASSURANCE_ENGINE is spark, but {' and '.join(missing)} cannot be found: run "
            "`make setup-spark` in a checkout."
        )
    home = os.environ.get("JAVA_HOME", "").strip()
    if not (Path(home, "bin", "java").is_file() if home else shutil.which("java")):
        where = f"JAVA_HOME is {home}, and there is no Java" if home else "there is no Java"
        raise AssuranceError(
            f"ASSURANCE_ENGINE is spark, but {where}: install Java 17 or later (on Debian: apt "
            "install default-jre-headless), or set JAVA_HOME."
        )

"""Build models with the engine that the deployment has chosen.

The models are the same for each engine. What differs between engines is in the macros of
`dbt_project/macros/dialect/`.
"""

from collections.abc import Sequence
from importlib.util import find_spec

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
    if settings.engine == SPARK:
        _check_installed()
        from oic_assurance.builds.spark import build

        return build.build_on_spark(settings, purpose, arguments)
    # Writing the manifest takes half a second of processor time. It is written again after the
    # project has changed.
    written = [ONLY_RESULTS] if is_described(settings, purpose) else []
    return run_dbt(settings, purpose, [*arguments, *written])


def _check_installed() -> None:
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise AssuranceError(
            f"ASSURANCE_ENGINE is spark, but {' and '.join(missing)} cannot be found: run "
            "`make setup-spark`."
        )

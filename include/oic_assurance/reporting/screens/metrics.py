"""MetricFlow on the published marts, with the login of BI tools and without network access."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from oic_assurance.builds.dbt import PROJECT, connection_variables, one_line
from oic_assurance.builds.version import project_fingerprint
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from oic_assurance.warehouse.folders import private_folder

if TYPE_CHECKING:
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

TARGET = "published"
# The file that MetricFlow reads below a project, and the note of what it was parsed from.
MANIFEST = Path("target") / "semantic_manifest.json"
PARSED = "parsed"


def run_metricflow(settings: Settings, arguments: Sequence[str]) -> None:
    """Run one of MetricFlow's commands as `bi_reader`, and leave with its exit code.

    It reads the schema `marts`, so it sees the current publication and no candidate.

    Raises:
        AssuranceError: MetricFlow is not installed, or the dbt project cannot be read.
        ServerError: The warehouse was never started here.
    """
    if importlib.util.find_spec("dbt_metricflow") is None:
        raise AssuranceError("MetricFlow is not installed: run `make setup-dev`.")
    os.environ.update(_environment(settings))
    _parse(settings)
    _block_update_check()
    from dbt_metricflow.cli.main import cli

    cli.main(args=list(arguments), prog_name="assurance mf", obj=_configuration(settings))


def _environment(settings: Settings) -> dict[str, str]:
    """Return what dbt and MetricFlow read: the reader's login, and folders outside the checkout."""
    project = str(settings.project_root / PROJECT)
    return {
        **connection_variables(url(settings, "bi")),
        "ASSURANCE_DBT_TARGET": TARGET,
        "DBT_PROJECT_DIR": project,
        "DBT_PROFILES_DIR": project,
        "DBT_TARGET_PATH": str((_folder(settings) / MANIFEST).parent),
        "DBT_LOG_PATH": str(private_folder(settings, settings.log_dir)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def _folder(settings: Settings) -> Path:
    return private_folder(settings, settings.home / "dbt" / TARGET)


def _parse(settings: Settings) -> None:
    """Write the semantic manifest, unless there is one of the same project and database."""
    mark, written = _folder(settings) / PARSED, _folder(settings) / MANIFEST
    wanted = f"{project_fingerprint(settings)} {os.environ.get('ASSURANCE_DBT_DATABASE', '')}"
    if written.exists() and mark.exists() and mark.read_text() == wanted:
        return
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(["--quiet", "parse"])
    if not result.success:
        raise AssuranceError(f"dbt_project cannot be read: {one_line(str(result.exception))}")
    mark.write_text(wanted)


def _block_update_check() -> None:
    """Put an empty module in the place of `update_checker` before MetricFlow imports it.

    On each call, MetricFlow would ask a package index on the internet for a newer version. Nothing
    in this project calls the internet unless it is configured to. Importing the real module also
    unpickles a file with a fixed name in the temporary folder, which anybody can put there.
    """

    class UpdateChecker:
        def check(self, *_: str) -> None:
            """Find no update."""

    stand_in = ModuleType("update_checker")
    vars(stand_in)["UpdateChecker"] = UpdateChecker
    sys.modules["update_checker"] = stand_in


def _configuration(settings: Settings) -> "CLIConfiguration":
    """Return MetricFlow's configuration, with the manifest in the state folder.

    By default MetricFlow reads `target/semantic_manifest.json` below the project, even if dbt has
    another target path. That file was parsed for another target and names the candidate's schema.
    """
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtProjectMetadata

    class Published(CLIConfiguration):
        @property
        def dbt_project_metadata(self) -> dbtProjectMetadata:
            return replace(super().dbt_project_metadata, project_path=_folder(settings))

    return Published()

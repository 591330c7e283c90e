"""MetricFlow over the published marts: by which login it reads, and that it calls nobody."""

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
# Where MetricFlow looks below a project, and of what that is: fingerprint and database.
MANIFEST = Path("target") / "semantic_manifest.json"
PARSED = "parsed"


def run_metricflow(settings: Settings, arguments: Sequence[str]) -> None:
    """Run one of MetricFlow's commands as `bi_reader`, and leave with its exit code.

    It reads the schema `marts`, so that it sees the current publication and no candidate. Whether
    it is installed, the login and the project are looked at first: each error is one line.
    """
    if importlib.util.find_spec("dbt_metricflow") is None:
        raise AssuranceError("MetricFlow is not installed: run `make setup-dev`.")
    os.environ.update(_environment(settings))
    _parse(settings)
    _never_look_for_updates()
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
    """Write the semantic manifest, unless the one that is there is of this very project."""
    mark, written = _folder(settings) / PARSED, _folder(settings) / MANIFEST
    wanted = f"{project_fingerprint(settings)} {os.environ.get('ASSURANCE_DBT_DATABASE', '')}"
    if written.exists() and mark.exists() and mark.read_text() == wanted:
        return
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(["--quiet", "parse"])
    if not result.success:
        raise AssuranceError(f"dbt_project cannot be read: {one_line(str(result.exception))}")
    mark.write_text(wanted)


def _never_look_for_updates() -> None:
    """Put an empty module in the place of `update_checker` before MetricFlow imports it.

    Each call of MetricFlow would ask a package index on the internet whether there is a newer
    version, and nothing here calls out on its own. Importing the real module would already
    unpickle a file of a fixed name in the temporary folder, where anybody may have put it.
    """

    class UpdateChecker:
        def check(self, *_: str) -> None:
            """Find no update."""

    stand_in = ModuleType("update_checker")
    vars(stand_in)["UpdateChecker"] = UpdateChecker
    sys.modules["update_checker"] = stand_in


def _configuration(settings: Settings) -> "CLIConfiguration":
    """Return MetricFlow's configuration, with the manifest taken from the state folder.

    MetricFlow looks for `target/semantic_manifest.json` below the project, whatever dbt was told;
    there lies what was parsed last for another target, over the candidate's schema.
    """
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtProjectMetadata

    class Published(CLIConfiguration):
        @property
        def dbt_project_metadata(self) -> dbtProjectMetadata:
            return replace(super().dbt_project_metadata, project_path=_folder(settings))

    return Published()

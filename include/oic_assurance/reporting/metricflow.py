"""Run MetricFlow on the published marts, with the login of the BI tools.

This module prevents MetricFlow from looking for a newer version on the internet.
"""

import importlib.util
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oic_assurance.builds.dbt import PROJECT, connection_variables, one_line
from oic_assurance.builds.version import project_fingerprint
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from oic_assurance.warehouse.folders import private_folder

if TYPE_CHECKING:
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

TARGET = "published"
# MetricFlow reads the file `MANIFEST`. The file `PARSED` says for which dbt project and database it
# was written.
MANIFEST = Path("target") / "semantic_manifest.json"
PARSED = "parsed"


def run_metricflow(settings: Settings, arguments: Sequence[str]) -> None:
    """Run a MetricFlow command with the login `bi_reader`, and exit with the command's exit code.

    MetricFlow reads schema `marts`, so it sees the current publication and never a candidate.

    Raises:
        AssuranceError: MetricFlow is not installed, or the dbt project cannot be read.
        ServerError: The embedded server was never started here, or a password is missing.
    """
    if importlib.util.find_spec("dbt_metricflow") is None:
        raise AssuranceError("MetricFlow is not installed: run `make setup-dev` in a checkout.")
    os.environ.update(_environment(settings))
    _parse(settings)
    commands(settings).main(
        args=list(arguments), prog_name="assurance mf", obj=_configuration(settings)
    )


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables for dbt and MetricFlow.

    The variables select the login of the BI tools. They also make dbt and MetricFlow write their
    files to the state folder and not to the project.
    """
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
    """Make dbt write the semantic manifest that MetricFlow reads.

    Keeps the existing manifest if it was written for the same dbt project and database.
    """
    mark, written = _folder(settings) / PARSED, _folder(settings) / MANIFEST
    wanted = f"{project_fingerprint(settings)} {os.environ.get('ASSURANCE_DBT_DATABASE', '')}"
    if written.exists() and mark.exists() and mark.read_text() == wanted:
        return
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(["--quiet", "parse"])
    if not result.success:
        raise AssuranceError(f"dbt_project cannot be read: {one_line(str(result.exception))}")
    mark.write_text(wanted)


def commands(settings: Settings) -> click.Group:
    """Return MetricFlow's commands, without what MetricFlow does before each of them.

    It asks a package index on the internet for a newer version. Nothing in this project uses the
    internet unless somebody configures it. The package that asks also unpickles a file in the
    temporary folder when it is imported, where anybody can put such a file. So it is imported with
    a private folder as the temporary one.
    """
    usual = tempfile.tempdir
    tempfile.tempdir = str(_folder(settings))
    try:
        from dbt_metricflow.cli.main import cli
    finally:
        tempfile.tempdir = usual

    @click.pass_obj
    def begin(configuration: "CLIConfiguration", *, verbose: bool) -> None:
        configuration.verbose = verbose

    return click.Group("mf", commands=cli.commands, params=cli.params, callback=begin)


def _configuration(settings: Settings) -> "CLIConfiguration":
    """Return a configuration that makes MetricFlow read the manifest in the state folder.

    By default MetricFlow reads `target/semantic_manifest.json` in the dbt project, even if dbt
    writes to another folder. A build has written that file, so it names the schema of the candidate
    and not of the published marts.
    """
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtProjectMetadata

    class Published(CLIConfiguration):
        @property
        def dbt_project_metadata(self) -> dbtProjectMetadata:
            return replace(super().dbt_project_metadata, project_path=_folder(settings))

    return Published()

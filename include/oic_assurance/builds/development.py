"""Run dbt for a person who changes the rules, beside the tables of the daily build.

dbt writes to schemas of its own (target `development`), which are dropped at the end. What a
command does not select, dbt reads from the tables of the latest run and from the published marts.
So a model can be built without the models before it.
"""

import re
from collections.abc import Sequence

from oic_assurance.builds.dbt import (
    PROJECT,
    dbt_variables,
    environment_with,
    read_yaml_once,
    target_dir,
)
from oic_assurance.builds.declared import check_conditions, read_declared
from oic_assurance.builds.macro_calls import check_macro_calls
from oic_assurance.builds.recompute import recompute_schemas
from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.processing_log import enter

TARGET = "development"
#: The prefix of the schemas that are written, as dbt's macro `schema_prefix` makes it.
PREFIX = f"{TARGET}_"
#: What the command itself decides. With another target, dbt would write to the tables of a run.
_DECIDED = re.compile(
    # A short option can stand behind others, with its value attached: `-xtdaily`.
    r"(--target|--profile|--profiles-dir|--project-dir)(=|$)|-[fxqdhvV]*t",
    re.ASCII,
)
#: The commands of dbt that read records.
_READING = frozenset({"build", "run", "test", "show", "compile", "clone", "run-operation"})


def run_dbt_beside(settings: Settings, arguments: Sequence[str]) -> int:
    """Run a dbt command with the arguments unchanged, and return its exit code.

    If the arguments do not say otherwise, a test runs only if dbt builds, or the latest run has
    built, everything that it reads.

    Raises:
        UsageError: An argument names another target, profile or project.
        ServerError: The server cannot be reached.
        AssuranceError: A macro is called with too few arguments, or a re-keying of the pseudonyms
            is unfinished.
    """
    for argument in arguments:
        if _DECIDED.match(argument):
            raise UsageError(
                f"dbt {argument}: `assurance dbt` always writes to schemas {PREFIX}… of this "
                "warehouse. Leave the option out."
            )
    project = settings.project_root / PROJECT
    check_macro_calls(project)
    check_conditions(settings.project_root, read_declared(settings.project_root))
    environment = {
        **dbt_variables(settings),
        "DBT_TARGET": TARGET,
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET_PATH": str(target_dir(settings, TARGET)),
        "DBT_LOG_PATH": str(private_folder(settings, settings.log_dir)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_INDIRECT_SELECTION": "buildable",
        # Arguments, and rows that dbt shows, can hold keys of records. No erasure looks for them
        # in dbt's files.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_WRITE_JSON": "false",
        **_deferring(settings),
    }
    with recompute_schemas(settings, PREFIX):
        read = _READING.intersection(arguments)
        if read:
            with connect(settings, role="oic_transform") as warehouse:
                what = f"dbt {min(read)} in schemas {PREFIX}…"
                enter(warehouse, "combination", what, because="to change the rules of figures")
        return _dbt(arguments, environment)


def _dbt(arguments: Sequence[str], environment: dict[str, str]) -> int:
    """Run dbt's own command line in this process, which has already imported half of dbt."""
    from dbt.cli.main import cli

    read_yaml_once()
    with environment_with(environment):
        try:
            cli.main([*arguments], prog_name="dbt")
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def _deferring(settings: Settings) -> dict[str, str]:
    """Return the variables that let dbt read from the latest run what a command does not select.

    The run has moved its marts out of the candidate, so they are read in their published schema.
    """
    of_run = target_dir(settings, "daily") / "manifest.json"
    if not of_run.exists():
        return {}
    state = target_dir(settings, TARGET) / "state"
    state.mkdir(exist_ok=True)
    text = of_run.read_text(encoding="utf-8")
    (state / of_run.name).write_text(
        text.replace('"schema": "candidate"', '"schema": "marts"'), encoding="utf-8"
    )
    return {"DBT_DEFER": "true", "DBT_STATE": str(state)}

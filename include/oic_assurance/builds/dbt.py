"""Run dbt in this process, and read its project and results."""

import contextvars
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from oic_assurance import logs
from oic_assurance.builds.declared import VARIABLE, read_declared
from oic_assurance.builds.macro_calls import check_macro_calls
from oic_assurance.builds.seeds import read_seeds
from oic_assurance.builds.version import FORCES, project_fingerprint
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import DEFAULT_FOLDER, KIND, SPARK, Settings, force_folder
from oic_assurance.warehouse.airflow_uri import libpq_environment
from oic_assurance.warehouse.connections import login_url
from oic_assurance.warehouse.folders import private_folder

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

LOG = logging.getLogger(__name__)
PROJECT = "dbt_project"
#: The role that dbt logs in as.
ROLE = "oic_transform"
#: The file beside dbt's manifest with the measures of a force that has others than the shared ones.
DECLARED = "declared.json"
TEST = "test"
MODEL = "model"
# The environment variables from which profiles.yml reads the parts of the connection. dbt does not
# log the value of a variable whose name begins with DBT_ENV_SECRET_.
VARIABLES = {
    "host": "ASSURANCE_DBT_HOST",
    "port": "ASSURANCE_DBT_PORT",
    "dbname": "ASSURANCE_DBT_DATABASE",
    "user": "ASSURANCE_DBT_USER",
    "sslmode": "ASSURANCE_DBT_SSLMODE",
    "password": "DBT_ENV_SECRET_ASSURANCE_PASSWORD",
}
#: The environment variable with the folder of the force, inside the dbt project.
FORCE_OF_DBT = "ASSURANCE_DBT_FORCE"
#: The environment variable that lets dbt make tables without rows: `yes` or `no`.
WITHOUT_ROWS = "ASSURANCE_DBT_WITHOUT_ROWS"

#: The file that says of which project the manifest in the same folder is.
_DESCRIBED = "described.json"

#: The levels of dbt's events that are logged.
_LEVELS = {"warn": logging.WARNING, "error": logging.ERROR}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

# Parsing takes longer than most commands, so a process parses a project once and keeps the result.
# The result contains the name of the database and the models of one kind of warehouse, so
# it is used only for these.
_parsed: dict[tuple[str, str, Path, str, str], "Manifest"] = {}


@dataclass(frozen=True)
class Node:
    """The result of one model, seed or test."""

    name: str
    kind: str
    status: str
    message: str
    failures: int
    node: Any
    #: The keys of rows that fail a test.
    keys: Sequence[Mapping[str, Any]] = ()

    @property
    def succeeded(self) -> bool:
        """Return whether the model or seed was built, or the test passed."""
        return self.status in {"success", "pass"}

    @property
    def blocks(self) -> bool:
        """Return whether the node failed in a way that blocks publication."""
        return self.status in {"error", "fail", "partial success"}


#: The unique IDs of the nodes of a command at which the database failed in a way that a retry may
#: avoid: a deadlock with another session, a lost connection, a full disk.
_may_pass: set[str] = set()


class BuildFailed(AssuranceError):  # noqa: N818 - named for what happened
    """A model or seed cannot be built. `built` are the results of those that were built."""

    def __init__(self, failed: Sequence[Node], built: Sequence[Node]) -> None:
        first, *others = failed
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{first.kind} {first.name}: {first.message}{more}")
        self.failed = failed
        self.built = built


#: With this option, a command writes its results, and not once more what the project is.
ONLY_RESULTS = "--no-write-json"


def run_dbt(
    settings: Settings,
    target: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> list[Node]:
    """Run one dbt command on a target and return the result of each node.

    The target is the purpose of a build, such as `daily`. It decides which schemas dbt writes. A
    failed test is returned as a result; it raises no error. `environment` has further environment
    variables for the command.

    Raises:
        SeedsError: A seed has a mistake. Nothing is built.
        ServerError: The database failed at a model, and a retry may succeed.
        BuildFailed: A model cannot be built. The message names the cause.
        AssuranceError: The project cannot be read. The message names the cause.
    """
    read_seeds(settings.project_root, settings.kind)
    _may_pass.clear()
    with environment_with({**dbt_variables(settings), **(environment or {})}):
        manifest = _manifest(settings, target)
        (target_dir(settings, target) / DECLARED).write_text(os.environ.get(VARIABLE, ""), "utf-8")
        result = _invoke(settings, target, arguments, manifest)
        if ONLY_RESULTS in arguments and hasattr(result.result, "write"):
            result.result.write(str(target_dir(settings, target) / "run_results.json"))
    nodes = [_node(outcome) for outcome in getattr(result.result, "results", None) or []]
    failed = [node for node in nodes if node.blocks and node.kind != TEST]
    if failed:
        error = BuildFailed(failed, [node for node in nodes if node.succeeded])
        if _may_pass.issuperset(node.node.unique_id for node in failed):
            raise ServerError(error.message)
        raise error
    if result.exception is not None or not (result.success or nodes):
        # If the server was lost, `dbt docs` raises nothing, and lists what it could not read.
        errors = getattr(result.result, "errors", None) or [""]
        raise AssuranceError(f"dbt {arguments[0]}: {one_line(str(result.exception or errors[0]))}")
    return nodes


def project_manifest(settings: Settings, target: str) -> "Manifest":
    """Return the parsed project, as dbt describes it."""
    with environment_with(dbt_variables(settings)):
        return _manifest(settings, target)


def project_nodes(settings: Settings, target: str) -> list[Any]:
    """Return the models, seeds and data tests of the parsed project, as dbt describes them.

    The manifest also has the data tests of models that are disabled for this kind of warehouse.
    """
    nodes = project_manifest(settings, target).nodes.values()
    return [node for node in nodes if node.config.enabled]


def names_of_tests(settings: Settings, target: str) -> list[str]:
    """Return the names of all data tests of the parsed project, sorted."""
    nodes = project_nodes(settings, target)
    return sorted(node.name for node in nodes if str(node.resource_type) == TEST)


def relations_of_project(settings: Settings, target: str) -> set[tuple[str, str]]:
    """Return the schema and name of each table and view that the parsed project writes."""
    nodes = project_nodes(settings, target)
    written = (node for node in nodes if str(node.resource_type) in {"model", "seed"})
    return {(node.schema, node.alias) for node in written}


def project_key(settings: Settings, target: str) -> list[Any]:
    """Return what dbt's files about the project follow from.

    These are the project, the version of dbt, the target and the database.
    """
    database = conninfo_to_dict(login_url(settings, ROLE)).get("dbname")
    return [project_fingerprint(settings), version("dbt-core"), target, database]


def is_described(settings: Settings, target: str) -> bool:
    """Return whether the manifest in the target's folder is that of the project as it is now."""
    try:
        described = (target_dir(settings, target) / _DESCRIBED).read_text(encoding="utf-8")
        return described == _described_now(settings, target)
    except FileNotFoundError:
        return False


def note_described(settings: Settings, target: str) -> None:
    """Note that the manifest in the target's folder is that of the project as it is now."""
    noted = _described_now(settings, target)
    (target_dir(settings, target) / _DESCRIBED).write_text(noted, encoding="utf-8")


def _described_now(settings: Settings, target: str) -> str:
    """Return the key of the project, and when the manifest was written that may describe it."""
    written = (target_dir(settings, target) / "manifest.json").stat().st_mtime_ns
    return json.dumps([*project_key(settings, target), written])


def forget_project() -> None:
    """Make the next command parse the project again.

    This is needed after a build, because a build changes the parsed project.
    """
    _parsed.clear()


def one_line(text: str) -> str:
    """Return the reason for a failure, taken from dbt's message, as one line.

    The error's location and the compiled file's path are left out.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("compiled code at", "LINE ", "^"))]
    if len(kept) > 1 and re.fullmatch(r"Database Error|.* in .*\)", kept[0]):
        kept = kept[1:]
    return " ".join(kept[:3]) or "no reason given"


def _manifest(settings: Settings, target: str) -> "Manifest":
    place = target_dir(settings, target)
    database = os.environ[VARIABLES["dbname"]]
    key = (project_fingerprint(settings), target, place, database, settings.kind)
    if key not in _parsed:
        if not is_described(settings, target):  # A project that was built has been checked.
            check_macro_calls(settings.project_root / PROJECT)
        # Each build writes the files that describe the project. They need not be written twice.
        result = _invoke(settings, target, ["parse", "--no-write-json"], None)
        if not result.success:
            raise AssuranceError(f"dbt_project cannot be read: {one_line(str(result.exception))}")
        # A build on Spark uses a target of each engine.
        of_engine = [one for one in _parsed if one[1].startswith(SPARK) == target.startswith(SPARK)]
        for one in of_engine:
            del _parsed[one]
        _parsed[key] = result.result
    return _parsed[key]


@cache
def _keep_connections() -> None:
    """Let each of dbt's threads keep its connection, and note which errors a retry may avoid.

    dbt's adapter for PostgreSQL logs in again for each node, and a build has some hundreds of
    nodes. dbt closes the connections that are kept when its command ends.
    """
    import psycopg2  # type: ignore[import-untyped]
    from dbt.adapters.postgres import PostgresAdapter, PostgresConnectionManager

    class KeptConnections(PostgresConnectionManager):
        @contextmanager
        def exception_handler(self, sql: str) -> Iterator[None]:
            # dbt keeps the text of an error, and not what kind of error it is.
            with super().exception_handler(sql):
                try:
                    yield
                except psycopg2.OperationalError:
                    _may_pass.add(self.get_thread_connection().name)
                    raise

        def release(self) -> None:
            connection = self.get_if_exists()
            # A node that failed leaves its transaction open. Then dbt rolls it back and closes.
            is_kept = (
                connection is not None
                and connection.state == "open"
                and not connection.transaction_open
            )
            if not is_kept:
                super().release()

        def add_commit_query(self) -> None:
            # dbt sends COMMIT as text, and leaves it to psycopg2 to begin a transaction. psycopg2
            # would not know that its transaction has ended, and would never begin another one on
            # this connection.
            self.get_thread_connection().handle.commit()

    PostgresAdapter.ConnectionManager = KeptConnections


@cache
def read_yaml_once() -> None:
    """Let dbt read a text of YAML once, and give each macro that reads it the same value.

    Macros read the declared measures for each model that uses them: in a build, some hundred times.
    """
    from dbt.context import base

    vars(base)["safe_load"] = cache(base.safe_load)


def _invoke(
    settings: Settings, target: str, arguments: Sequence[str], manifest: "Manifest | None"
) -> Any:
    from dbt.cli.main import dbtRunner

    _keep_connections()
    read_yaml_once()
    project = project_of(settings)
    command = [
        "--no-use-colors",
        "--log-level",
        "none" if logs.as_json() else "warn",
        "--log-format-file",
        "json" if logs.as_json() else "text",
        "--log-level-file",
        "info",
        "--log-path",
        str(private_folder(settings, settings.log_dir)),
        *arguments,
        "--project-dir",
        str(project),
        "--profiles-dir",
        str(project),
        "--target",
        target,
        "--target-path",
        str(target_dir(settings, target)),
    ]
    with _anonymous_command_line():
        callbacks = [into_our_log()] if logs.as_json() else []
        return dbtRunner(manifest=manifest, callbacks=callbacks).invoke(command)


def _force_of_dbt(settings: Settings) -> str:
    return f"{FORCES}/{force_folder(settings.project_root).name}"


def project_of(settings: Settings) -> Path:
    """Return the folder of the dbt project with the folder of the force in it.

    dbt writes what it compiles from a file to the same path below its target. From a path outside
    the project it would write over the file itself. So a force with a folder of its own has a
    project in its state folder, which consists of links.
    """
    shared = settings.project_root / PROJECT
    folder = force_folder(settings.project_root)
    if folder.resolve() == (settings.project_root / DEFAULT_FOLDER).resolve():
        return shared
    own = private_folder(settings, settings.home / PROJECT)
    links = {one.name: one for one in shared.iterdir() if one.name not in (FORCES, "target")}
    links[_force_of_dbt(settings)] = folder
    (own / FORCES).mkdir(exist_ok=True)
    for name, wanted in links.items():
        link = own / name
        if not link.is_symlink() or link.readlink() != wanted:
            link.unlink(missing_ok=True)
            link.symlink_to(wanted)
    return own


def into_our_log() -> Callable[[Any], None]:
    """Return a function that logs the first line of each warning and error of dbt.

    The further lines of an error quote the database, and so can hold values of rows. dbt calls the
    function in threads of its own, which do not know what the log lines of this stage are about.
    """
    context = contextvars.copy_context()

    def log(event: Any) -> None:
        level = _LEVELS.get(str(event.info.level))
        if level is None:
            return
        first = next(iter(str(event.info.msg).strip().splitlines()), event.info.name)
        # Each thread needs a copy of its own.
        context.copy().run(LOG.log, level, "dbt: %s", first)

    return log


@contextmanager
def _anonymous_command_line() -> Iterator[None]:
    """Hide this process's command line from dbt, which would write it into its result files.

    The command line of `assurance explain` contains the key of a record. If dbt wrote the key into
    a file, the key would still be there after an erasure of the record.
    """
    before = sys.argv
    sys.argv = ["dbt"]
    try:
        yield
    finally:
        sys.argv = before


def target_dir(settings: Settings, target: str) -> Path:
    """Return the folder for dbt's output on a target.

    Each target has its own folder, so that targets do not overwrite each other's files.
    """
    return private_folder(settings, settings.home / "dbt" / target)


def connection_variables(url: str) -> dict[str, str]:
    """Return the environment variables with which dbt connects to the database at a libpq URI.

    dbt's profile has no field for most libpq parameters, such as the trusted certificate authority.
    libpq reads these from its own variables, such as `PGSSLROOTCERT`.
    """
    parts = conninfo_to_dict(url)
    loopback = parts.get("host") in LOOPBACK
    parts.setdefault("sslmode", "disable" if loopback else "prefer")
    profile = {
        variable: str(parts[part]) for part, variable in VARIABLES.items() if parts.get(part)
    }
    others = {part: str(value) for part, value in parts.items() if part not in VARIABLES}
    return {**libpq_environment(make_conninfo(**others)), **profile}


def dbt_variables(settings: Settings) -> dict[str, str]:
    """Return the environment variables with which dbt connects as `ROLE`.

    A build commits some two hundred times, and need not wait for the disk each time: the commit of
    its publication waits until everything before it is on disk.
    """
    variables = connection_variables(login_url(settings, ROLE))
    given = variables.get("PGOPTIONS", os.environ.get("PGOPTIONS", ""))
    return {
        **variables,
        "PGOPTIONS": f"{given} -c synchronous_commit=off".strip(),
        KIND: settings.kind,
        FORCE_OF_DBT: _force_of_dbt(settings),
        VARIABLE: read_declared(settings.project_root).for_dbt(),
        WITHOUT_ROWS: "no",
    }


@contextmanager
def environment_with(wanted: dict[str, str]) -> Iterator[None]:
    """Set environment variables during the block.

    dbt makes Python start its resource tracker, which lives as long as this process. It is started
    before the block, because it would keep the password of the block in its environment.
    """
    resource_tracker.ensure_running()
    before = {variable: os.environ.get(variable) for variable in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value


def _node(outcome: Any) -> Node:
    node = outcome.node
    return Node(
        name=node.name,
        kind=str(node.resource_type),
        status=str(outcome.status),
        message=one_line(outcome.message or ""),
        failures=int(outcome.failures or 0),
        node=node,
    )

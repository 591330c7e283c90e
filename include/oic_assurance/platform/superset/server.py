"""Run Superset on this machine, with the dashboards of this project.

Superset is not installed with this project but in a separate virtual environment, `.venv-superset`.
"""

import os
from collections.abc import Callable
from pathlib import Path

from oic_assurance.errors import AssuranceError
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.processes import HOST, Processes, choose_port, end_on_signals
from oic_assurance.platform.superset.rest import Superset
from oic_assurance.reporting.dashboards.datasets import FOLDER
from oic_assurance.reporting.dashboards.description import dashboards
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.process_lock import only_one
from oic_assurance.warehouse.secrets import find_secret, secret

ENVIRONMENT = ".venv-superset"
DEFAULT_PORT = 8088
LOGIN = "assurance"
#: The roles for readers of figures, and for readers who may also read records.
READER, RECORDS_READER = "OIC reader", "OIC records reader"
PASSWORD, KEY = "superset_password", "superset_secret_key"
SERVER = "server"
READY_SECONDS = 180.0
LOCK = "superset"

Tell = Callable[[str], None]


def serve(settings: Settings, tell: Tell) -> int:
    """Start Superset, import the dashboards, show their addresses, and stop Superset on Ctrl-C.

    `tell` shows a line to the user. Returns the exit code of the command.

    Raises:
        UsageError: ASSURANCE_SUPERSET_PORT is not a port number.
        AssuranceError: Superset is not installed, is already running for this state folder, or
            fails; or the port is in use.
    """
    programs = _programs(settings)
    superset = Processes(settings, "Superset")
    with only_one(settings, LOCK), end_on_signals():
        # Under the lock, so that who starts it twice is not told to choose another port.
        port = choose_port("ASSURANCE_SUPERSET_PORT", DEFAULT_PORT)
        prepare_warehouse(settings)
        is_new = find_secret(settings, PASSWORD) is None
        home = private_folder(settings, settings.home / "superset")
        environment = _environment(settings, home)
        try:
            _prepare(superset, programs, environment, tell)
            superset.start(SERVER, _gunicorn(programs, port), environment, home)
            client = Superset(f"http://{HOST}:{port}")
            superset.wait_until(client.answers, SERVER, READY_SECONDS)
            _log_in(settings, superset, programs, environment, client)
            client.import_bundle(settings.project_root, url(settings, "bi"))
            _make_roles(settings, superset, programs, environment)
            for dashboard in dashboards(settings.project_root, settings.kind):
                tell(f"{client.address}/superset/dashboard/{dashboard.name}/  {dashboard.title}")
            tell(f"Log in as {LOGIN} with the password {_shown_password(settings, is_new)}")
            tell("Ctrl-C stops it.")
            return superset.watch()
        except KeyboardInterrupt:
            tell("Stopping ...")
            return 0
        finally:
            superset.stop()


def _programs(settings: Settings) -> Path:
    folder = settings.project_root / ENVIRONMENT / "bin"
    if not (folder / "superset").exists():
        raise AssuranceError(f"Superset is not installed in {folder.parent}: run `make superset`.")
    return folder


def _environment(settings: Settings, home: Path) -> dict[str, str]:
    """Return the environment variables of Superset's programs.

    Variables that configure this project, Airflow, dbt, PostgreSQL or Python are left out.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW_", "ASSURANCE_", "DBT_", "PG", "PYTHON", "SUPERSET_"))
    }
    return inherited | {
        "FLASK_APP": "superset.app:create_app()",
        "SCARF_ANALYTICS": "false",
        "SUPERSET_CONFIG_PATH": str(settings.project_root / FOLDER / "superset_config.py"),
        "SUPERSET_HOME": str(home),
        "SUPERSET_SECRET_KEY": secret(settings, KEY),
    }


def _prepare(superset: Processes, programs: Path, environment: dict[str, str], tell: Tell) -> None:
    """Create or migrate Superset's own database and its roles, once for each Superset version."""
    done = Path(environment["SUPERSET_HOME"]) / f"prepared-{_version(programs)}"
    if done.exists():
        return
    tell("Preparing Superset's own database ...")
    program = str(programs / "superset")
    superset.finish("database", [program, "db", "upgrade"], environment)
    superset.finish("roles", [program, "init"], environment)
    done.touch(mode=0o600)


def _log_in(
    settings: Settings,
    superset: Processes,
    programs: Path,
    environment: dict[str, str],
    client: Superset,
) -> None:
    """Log in to Superset. If that fails, create the login or set its password, and log in again."""
    password = secret(settings, PASSWORD)
    try:
        client.log_in(LOGIN, password)
    except AssuranceError:
        program = settings.project_root / FOLDER / "make_login.py"
        given = environment | {"LOGIN": LOGIN, "PASSWORD": password}
        superset.finish("login", [str(programs / "python"), str(program)], given)
        client.log_in(LOGIN, password)


def _make_roles(
    settings: Settings, superset: Processes, programs: Path, environment: dict[str, str]
) -> None:
    """Give the two roles for readers the rights to the imported datasets."""
    program = settings.project_root / FOLDER / "make_roles.py"
    superset.finish("readers", [str(programs / "python"), str(program)], environment)


def _version(programs: Path) -> str:
    """Return the version of the installed Superset, or `unknown`."""
    found = sorted(programs.parent.glob("lib/python*/site-packages/apache_superset-*.dist-info"))
    return found[-1].name.removesuffix(".dist-info").partition("-")[2] if found else "unknown"


def _gunicorn(programs: Path, port: int) -> list[str]:
    return [
        str(programs / "gunicorn"),
        "--bind",
        f"{HOST}:{port}",
        "--workers",
        "1",
        "--worker-class",
        "gthread",
        "--threads",
        "8",
        "--timeout",
        "120",
        "--no-control-socket",
        "superset.app:create_app()",
    ]


def _shown_password(settings: Settings, is_new: bool) -> str:
    """Return the text that stands for the password in the message to the user.

    At the first start, it is the password itself. At later starts, it is the place of its file.
    """
    return secret(settings, PASSWORD) if is_new else f"in {settings.secrets_dir / PASSWORD}"

"""One state folder and one embedded server for the whole test session.

This file sets environment variables before anything imports Airflow, because Airflow reads its
settings only once.
"""

import gc
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright.
    from playwright.sync_api import Browser

PROJECT_ROOT = Path(__file__).resolve().parents[1]
#: Groups of test files that share a costly fixture, the longest first. The tests of a group run in
#: one process.
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    # A simulated force and its first daily run.
    "first run": {
        "end_to_end": (
            "bi_questions", "bundle", "column_origins", "command_line", "daily_run", "explain",
            "metrics", "minimisation", "national", "pack", "power_bi", "star",
            "terminal", "workbook",
        ),
    },
    # A small force whose records and rules change. dbt parses the project for it once.
    "restated": {
        "end_to_end": ("figures",),
        "integration/builds": ("deadlines", "restatement", "two_workers"),
        "integration/operations": ("rekey_world", "reproduce"),
        "integration/publishing": ("exception_history",),
        "national": ("export",),
    },
    # The national view. dbt parses its models once.
    "national": {
        "national": ("landing", "public", "view"),
    },
    # Every model, built without data.
    "models": {
        "integration/builds": (
            "data_tests", "dbt_evidence", "dbt_files", "dbt_rules", "transactions",
        ),
        "integration/publishing": ("disclosure",),
    },
}  # fmt: skip
#: Folders whose tests are all slow. `make test` does not read them.
SLOW = {"browser", "connectors", "deployment", "forces", "machines", "spark"}
GROUP_OF = {
    f"tests/{folder}/test_{name}.py": group
    for group, folders in GROUPS.items()
    for folder, names in folders.items()
    for name in names
}
TEST_HOME = Path(tempfile.mkdtemp(prefix="assurance-test-"))

_PREFIXES = ("ASSURANCE_", "AIRFLOW_", "PG")
for _name in [name for name in os.environ if name.startswith(_PREFIXES)]:
    # Tests may use the server programs of another installation, which `ASSURANCE_PG_BIN` names. All
    # other such variables are removed, so that no test uses the data of another installation.
    if _name != "ASSURANCE_PG_BIN":
        del os.environ[_name]

os.environ |= {
    "ASSURANCE_HOME": str(TEST_HOME),
    # Messages name commands so, wherever the tests run.
    "ASSURANCE_COMMAND": "assurance",
    "AIRFLOW_HOME": str(TEST_HOME / "airflow"),
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{TEST_HOME}/airflow/airflow.db",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(TEST_HOME / "airflow" / "logs"),
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "ASSURANCE_NO_BACKUPS": "only the tests of back-ups make any",
}

if "PYTEST_XDIST_WORKER" in os.environ:
    # Great Expectations imports Spark if it is installed, and Spark's client for remote sessions
    # ends a process without a main file, such as a worker of pytest-xdist.
    sys.modules["pyspark"] = None  # type: ignore[assignment]

import hypothesis  # noqa: E402
import yaml  # noqa: E402
from xdist.scheduler import LoadFileScheduling  # noqa: E402

from oic_assurance.settings import Settings, load_settings  # noqa: E402
from oic_assurance.state.apply import apply_state  # noqa: E402
from oic_assurance.warehouse import embedded  # noqa: E402
from oic_assurance.warehouse.cluster import LOGINS, SUPERUSER, password_name  # noqa: E402
from oic_assurance.warehouse.connections import admin_url  # noqa: E402
from oic_assurance.warehouse.migrate import migrate  # noqa: E402
from oic_assurance.warehouse.secrets import secret  # noqa: E402
from tests.databases import Prepared, migrated, temporary_warehouse  # noqa: E402

# The reader in C takes a tenth of the time, and tests read some thousand texts.
yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[misc, assignment]
# As in every stage.
gc.set_threshold(100_000, 50, 100)
# No test fails because the machine is busy.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


def hurry(settings: Settings) -> None:
    """Let the session's server leave out what only lasting data needs.

    The data is deleted after the session, so the server need not wait until it is on disk. Nobody
    guesses its passwords either, so they need not be slow to try: half of the time of a login was
    for the 4,096 rounds of a password's hash, and tests log in some ten thousand times.
    """
    with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
        administrator.execute("alter system set fsync = off")
        administrator.execute("alter system set scram_iterations = 1")
        administrator.execute("select pg_reload_conf()")
    with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
        for login in (SUPERUSER, *LOGINS):
            password = sql.Literal(secret(settings, password_name(login)))
            change = sql.SQL("alter role {} password {}")
            administrator.execute(change.format(sql.Identifier(login), password))


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """The session's state folder, with its server running and its warehouse migrated."""
    settings = load_settings()
    embedded.start(settings)
    hurry(settings)
    migrate(settings)
    apply_state(settings)
    yield TEST_HOME
    embedded.stop(settings)


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of the session's state folder."""
    return load_settings()


@pytest.fixture
def empty_warehouse(settings: Settings) -> Iterator[Settings]:
    """Settings whose warehouse is a separate, empty database on the session's server."""
    with temporary_warehouse(f"warehouse_{uuid.uuid4().hex[:12]}"):
        yield settings


@pytest.fixture(scope="session")
def prepared(home: Path) -> Prepared:
    """Databases on the session's server that are prepared once and copied for each test."""
    return Prepared()


@pytest.fixture
def fresh_warehouse(prepared: Prepared) -> Iterator[Settings]:
    """Settings whose warehouse is a separate, migrated database on the session's server."""
    with prepared.copy(migrated) as settings:
        yield settings


#: The files whose tests make further runs after the first one, in this order.
MAKE_FURTHER_RUNS = ("test_terminal.py", "test_daily_run.py")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium from the Debian package."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        assert chromium, "chromium is not installed: `make debian-packages`"
        # Chromium's sandbox does not work for root.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the folders of slow tests if those are not wanted. Their imports take seconds."""
    is_slow = collection_path.parent == PROJECT_ROOT / "tests" and collection_path.name in SLOW
    return True if is_slow and config.option.markexpr == "not slow" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow folders, and put the groups first.

    So no process is left with a group when the others are done. The tests that make further runs
    come behind the other tests of the first run. The runs leave a newer build, and then each
    explanation of a figure recomputes its records.
    """
    for item in items:
        if item.path.relative_to(PROJECT_ROOT / "tests").parts[0] in SLOW:
            item.add_marker("slow")
    groups = {group: number for number, group in enumerate(GROUPS)}
    last = {name: number for number, name in enumerate(MAKE_FURTHER_RUNS, 1)}

    def place(item: pytest.Item) -> tuple[int, int]:
        file = item.path.relative_to(PROJECT_ROOT).as_posix()
        return groups.get(GROUP_OF.get(file, ""), len(groups)), last.get(item.path.name, 0)

    items.sort(key=place)


class OneProcessForEachFile(LoadFileScheduling):
    """Run the tests of one file in one process, and all files of a group of `GROUPS` in one."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return GROUP_OF.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    """Distribute the tests over the processes of `make test`."""
    return OneProcessForEachFile(config, log)


def pytest_unconfigure() -> None:
    """Stop the server and remove the state folder, even if the session was interrupted."""
    embedded.stop(load_settings())
    shutil.rmtree(TEST_HOME, ignore_errors=True)

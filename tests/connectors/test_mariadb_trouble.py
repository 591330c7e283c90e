"""Landing from a MariaDB server that fails.

The server is killed during an extract, does not answer, or refuses the login. In some tests, the
columns of its tables change.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from oic_assurance.errors import SourceUnavailable, UsageError
from oic_assurance.settings import PROJECT_ROOT
from oic_assurance.sources.databases import airflow_hook
from oic_assurance.sources.databases.errors import ContractBroken
from tests.connectors.mariadb_server import PASSWORD, MariaDb
from tests.connectors.test_mariadb import insert_many, put
from tests.integration.landing.support import CUSTODY, World, at, custody, officers

pytestmark = pytest.mark.slow

ROWS = 1_000_000
#: The limit, in megabytes, for the additional memory that landing a large table may need, compared
#: with landing an empty table.
MEGABYTES_FOR_ROWS = 32
MEGABYTES_WITHOUT_AIRFLOW = 100

_LAND_AND_MEASURE = """
import re
from pathlib import Path
from oic_assurance.landing.land import land_dataset
from oic_assurance.settings import load_settings
# VmHWM is the peak memory of this process. `getrusage` would include that of its parent process.
status = Path("/proc/self/status")
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) // 1024
from oic_assurance.warehouse import connections
before = peak()
from airflow.sdk import BaseHook
airflow = peak() - before
land_dataset(load_settings(), "rms/nccu_referral", "empty")
empty = peak()
report = land_dataset(load_settings(), "rms/custody_record", "large")
print(report.rows_landed, airflow, empty, peak())
"""


def test_a_server_killed_during_an_extract_leaves_nothing_and_a_retry_succeeds(
    world: World, mariadb: MariaDb
) -> None:
    insert_many(mariadb, 400_000)
    killer = threading.Thread(target=_kill_while_rows_are_read, args=(mariadb,))
    killer.start()
    with pytest.raises(SourceUnavailable, match=r"rms/custody_record: .* cannot be extracted"):
        world.land(CUSTODY)
    killer.join()
    assert world.query("select * from raw_law_enforcement.custody_record") == []
    assert world.query("select * from audit.batch") == []
    assert list((world.settings.home / "batches" / CUSTODY).iterdir()) == []
    mariadb.start()
    assert world.land(CUSTODY).rows_landed == 400_000


def _kill_while_rows_are_read(mariadb: MariaDb) -> None:
    for _ in range(3000):
        found = mariadb.execute(
            "select 1 from information_schema.processlist"
            " where user = 'reader' and info like '%%arresting_officer_no%%'"
        )
        if found:
            break
        time.sleep(0.01)
    mariadb.stop(signal.SIGKILL)


def test_a_server_that_is_down_refuses_or_is_silent_is_unavailable_and_recorded(
    world: World, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_hook, "READ_TIMEOUT_SECONDS", 3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        wrong = {
            "is down": mariadb.connection(port=1),
            "refuses": mariadb.connection(password=f"not {PASSWORD}"),
            "is silent": mariadb.connection(port=silent.getsockname()[1]),
        }
        for what, connection in wrong.items():
            monkeypatch.setenv("AIRFLOW_CONN_RMS", connection)
            with pytest.raises(SourceUnavailable, match="cannot be reached") as caught:
                world.land(CUSTODY)
            assert PASSWORD not in str(caught.value), what
    outcomes = world.query("select outcome, reason from audit.extraction order by extraction_id")
    assert [outcome for outcome, _ in outcomes] == ["failed"] * 3
    assert outcomes[-1][1] == str(caught.value)


def test_changed_columns_stop_only_their_dataset(world: World, mariadb: MariaDb) -> None:
    put(mariadb, CUSTODY, **custody(1, at(0)))
    mariadb.execute("alter table rms.custody_record add column force_doctor text")
    mariadb.execute("grant select (force_doctor) on rms.custody_record to reader@'%'")
    result = world.land(CUSTODY)
    assert result.notes == ["undeclared columns, not extracted: force_doctor"]
    [batch] = world.batches(CUSTODY)
    assert batch["notes"] == {"columns_kept_out": ["force_doctor"]}
    mariadb.execute("alter table rms.custody_record modify detained_at varchar(30)")
    with pytest.raises(ContractBroken, match=r"detained_at is varchar\(30\), but timestamptz"):
        world.land(CUSTODY)
    mariadb.execute("alter table rms.custody_record modify detained_at datetime(6)")
    mariadb.execute("revoke select (released_at) on rms.custody_record from reader@'%'")
    with pytest.raises(ContractBroken, match="has no column released_at that its login may read"):
        world.land(CUSTODY)
    assert world.land("rms/occurrence").batches == 0
    mariadb.execute("drop table rms.custody_record")
    with pytest.raises(ContractBroken, match=r"there is no table rms\.rms\.custody_record"):
        world.land(CUSTODY)
    assert officers(world) == {"1": "C1"}


def test_the_error_for_an_unusable_connection_says_what_to_do(
    world: World, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", mariadb.connection(conn_type="cassandra"))
    with pytest.raises(UsageError, match=r"AIRFLOW_CONN_RMS is .* type 'cassandra'.*mysql"):
        world.land(CUSTODY)
    monkeypatch.setenv("AIRFLOW_CONN_RMS", mariadb.connection(conn_type="oracle"))
    with pytest.raises(SourceUnavailable, match=r"cannot be reached \(host 127.*DPY-\d+") as caught:
        world.land(CUSTODY)
    assert "\n" not in caught.value.message
    # The import of this module now fails, as if the Airflow provider for Oracle were not installed.
    monkeypatch.setitem(sys.modules, "airflow.providers.oracle.hooks.oracle", None)
    with pytest.raises(UsageError, match=r"type oracle.*docs/how-to/connect-sources\.md"):
        world.land(CUSTODY)


def test_memory_does_not_grow_with_the_table_and_the_users_home_stays_empty(
    world: World, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Landing runs in a new process, in which Airflow is not configured.

    Even then, nothing may be written to the user's home folder.
    """
    insert_many(mariadb, ROWS)
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name)
    users_home = tmp_path / "home"
    users_home.mkdir()
    monkeypatch.setenv("HOME", str(users_home))
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    done = subprocess.run(
        [sys.executable, "-c", _LAND_AND_MEASURE],
        check=True, capture_output=True, text=True, cwd=PROJECT_ROOT,
    )  # fmt: skip
    landed, airflow, empty, large = map(int, done.stdout.split())
    assert landed == ROWS
    assert large - empty < MEGABYTES_FOR_ROWS
    assert large - airflow < MEGABYTES_WITHOUT_AIRFLOW
    assert list(users_home.iterdir()) == []

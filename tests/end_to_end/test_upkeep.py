"""The upkeep runs under Airflow's scheduler, and a week of runs and upkeep stays bounded."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from oic_assurance.platform.upkeep import PARTS
from tests.end_to_end.airflow_server import airflow
from tests.end_to_end.conftest import AS_AT
from tests.end_to_end.terminal import Terminal, published_force

pytestmark = pytest.mark.slow

CUSTODY = "rms/custody_record"
TABLE = "raw_law_enforcement.custody_record"
DAYS = range(22, 29)
RUNS_IN_A_WEEK = 4
#: A log that is always open, and by how many bytes it grows from run to run. In seven runs that is
#: more than three times `LARGEST`.
GROWS, A_DAY, LARGEST = "api-server.log", 12_000_000, 25_000_000


@pytest.fixture(scope="module")
def force() -> Iterator[Terminal]:
    with published_force("2026-04-01") as terminal:
        yield terminal


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_a_decision_is_carried_out_by_the_dag_and_every_part_is_on_record(
    force: Terminal,
) -> None:
    with airflow(force) as server:
        # In a new state folder the scheduler starts a daily run by itself, and upkeep lets it pass.
        daily = server.run_of("assurance_daily", AS_AT)
        assert server.wait_for_end("assurance_daily", daily) == "success"
        key = decide_to_erase(force)
        run = server.start("assurance_upkeep")
        assert server.wait_for_end("assurance_upkeep", run) == "success"
        listed = {one["part"]: one for one in force.document("upkeep", "list")["parts"]}
    assert {name: one["outcome"] for name, one in listed.items()} == dict.fromkeys(PARTS, "done")
    assert listed["erasures"]["did"]["records"] == 1
    # Airflow hides its database from tasks. The part reached it all the same.
    assert listed["airflow"]["bytes_before"] > 0
    with as_superuser(force) as superuser:
        left = superuser.execute(f"select from {TABLE} where row_key = %s".encode(), (key,))
        assert left.fetchall() == []
        assert superuser.execute("select from audit.retention_due").fetchall() == []
    assert "A part of the upkeep" not in force.assurance("status").stdout


def decide_to_erase(force: Terminal) -> str:
    """Make a record of custody ten years older, and decide to erase it. Return its key."""
    with as_superuser(force) as superuser:
        found = superuser.execute(f"select min(row_key) from {TABLE}".encode()).fetchone()
        (key,) = found or ("",)
        superuser.execute(
            f"update {TABLE} set version_at = version_at - interval '10 years'"
            " where row_key = %s".encode(),
            (key,),
        )
    force.does("upkeep", "run", "review")
    assert [one["row_key"] for one in force.document("upkeep", "due", CUSTODY)["records"]] == [key]
    force.does("upkeep", "decide", "erase", CUSTODY, "--reason", "no purpose")
    return str(key)


def as_superuser(force: Terminal) -> psycopg.Connection:
    password = (force.home / "secrets/postgres_password").read_text().strip()
    port = (force.home / "postgres/port").read_text().strip()
    address = f"host=127.0.0.1 port={port} user=postgres dbname=warehouse password={password}"
    return psycopg.connect(address)


def test_a_week_of_runs_with_upkeep_between_them_leaves_no_more_than_a_few_days(
    force: Terminal,
) -> None:
    """Each day leaves logs and the schemas of a killed process. Upkeep keeps them few."""
    week = Terminal(force.home, force.project, {"ASSURANCE_KEEP_LOGS_DAYS": "7"})
    logs = force.home / "log"
    for day in DAYS:
        week.does("run", "--as-at", f"2026-04-{day}T05:30")
        grow(logs)
        with psycopg.connect(force.url("transform")) as killed:
            killed.execute("create schema reproduce_marts create table t (n int)")
        week.does("upkeep", "run")
        with psycopg.connect(force.url("gate")) as gate:
            left = gate.execute("select from pg_namespace where nspname like 'reproduce_%'")
            assert left.fetchall() == []
        # Two days pass from run to run, so logs of a week are those of four runs.
        assert len(list(logs.glob("run-*.log"))) <= RUNS_IN_A_WEEK
        assert sum(size_of(path) for path in (logs / GROWS, logs / f"{GROWS}.1")) <= LARGEST
    outcomes = {one["part"]: one["outcome"] for one in force.document("upkeep", "list")["parts"]}
    assert set(outcomes.values()) == {"done"}


def grow(folder: Path) -> None:
    """Let a log grow as if a program wrote for two days, and make every log two days older."""
    with (folder / GROWS).open("ab") as log:
        log.write(b"a line of a program that never ends\n" * (A_DAY // 36))
    for path in folder.rglob("*.log*"):
        written = path.stat().st_mtime - 2 * 86_400
        os.utime(path, (written, written))

"""Landing a huge file needs no more memory than a small file, in the process and in the server."""

import multiprocessing
import resource
import time
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.landing.land import land_dataset
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url, warehouse_url
from tests.integration.landing.support import World

LOG = "governance/recommendations"
MEGABYTE = 1024 * 1024
LINE_BYTES = 2000
#: The limit, in bytes, for the memory that landing adds to its process, and for the private memory
#: that its database session uses in the server.
MOST_OF_THE_PROCESS = 64 * MEGABYTE
#: Of the session's memory, 256 MB are for the temporary tables in which deliveries are checked.
MOST_OF_THE_SESSION = (256 + 128) * MEGABYTE
LOOK_EVERY = 0.1


def write_log(path: Path, rows: int) -> None:
    """Write a recommendation log with an entry for each minute, each with a long comment."""
    path.parent.mkdir(parents=True)
    comment = "a comment of some length; " * 90
    first = datetime(2001, 1, 1)  # noqa: DTZ001 - a wall clock
    with path.open("w", encoding="utf-8") as file:
        file.write("event_at,point_code,party,status,comment\n")
        for number in range(rows):
            at = first + timedelta(minutes=number)
            # An hour that a clock change skips is the same moment as the next hour.
            status = ("OPEN", "MET")[number // 60 % 2]
            line = f"{at},HYDRA,FORCE,{status},{number} {comment}"
            file.write(line[: LINE_BYTES - 1] + "\n")


def land(settings: Settings, result: Connection) -> None:
    """Land the file, and send the result and the memory used. This runs in a separate process."""
    before = peak_bytes()
    report = land_dataset(settings, LOG, "vast")
    result.send((report.refused, report.rows_landed, peak_bytes() - before))


def peak_bytes() -> int:
    """Return the peak memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def session_bytes(settings: Settings) -> int:
    """Return the private memory of the largest session of the warehouse, in bytes."""
    database = str(conninfo_to_dict(warehouse_url(settings))["dbname"])
    with psycopg.connect(admin_url(settings)) as connection:
        pids = connection.execute(
            "select pid from pg_stat_activity where datname = %s", (database,)
        ).fetchall()
        return max((_own_bytes(pid) for (pid,) in pids), default=0)


def _own_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:  # the process has ended
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), 0)


@pytest.mark.parametrize(
    "megabytes", [50, pytest.param(2048, marks=pytest.mark.slow)], ids=["50 MB", "2 GB"]
)
def test_memory_does_not_grow_with_the_file(world: World, megabytes: int) -> None:
    rows = megabytes * MEGABYTE // LINE_BYTES
    write_log(world.dropzone / LOG / "recommendation_log.csv", rows)
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe()
    started, session = time.monotonic(), 0
    process = context.Process(target=land, args=(world.settings, sender))
    process.start()
    while not receiver.poll(LOOK_EVERY):
        assert process.is_alive()
        session = max(session, session_bytes(world.settings))
    refused, landed, peak = receiver.recv()
    process.join()
    print(
        f"{megabytes} MB, {rows} rows: {time.monotonic() - started:.1f} s, the process and"
        f" {peak // MEGABYTE} MB more, the session {session // MEGABYTE} MB"
    )
    assert (refused, landed) == ([], rows)
    assert world.one("select count(*) from raw_general.recommendation_event") == rows
    assert peak < MOST_OF_THE_PROCESS
    assert session < MOST_OF_THE_SESSION

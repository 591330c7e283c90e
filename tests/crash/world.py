"""The two worlds of the crash tests: a small force on its first day, and on its second day.

The harness kills commands that run in these worlds. Each world is a state folder. Both are made
once and saved with the server stopped. In the world `first`, nothing has been landed. The world
`second` has a publication, and new data with every unusual change. Before each kill point, one of
the worlds is copied to the work folder. The tests run fastest if the work folder is in `/dev/shm`,
which is in memory.
"""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg

from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.cluster import data_dir
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.process import find_postmaster
from simulator.force import simulate

PROJECT = Path(__file__).resolve().parents[2]
SEED = 11
DAYS = (date(2026, 4, 11), date(2026, 4, 20), date(2026, 4, 22))
AS_AT = {
    "first": datetime(2026, 4, 21, 4, 30, tzinfo=UTC),
    "second": datetime(2026, 4, 23, 4, 30, tzinfo=UTC),
}
MEMORY = Path("/dev/shm")
#: The number of additional custody records, chosen so large that the records fit neither into one
#: COPY message nor into one piece of an archived batch.
BULK = 10_000

#: SQL that adds custody records to which no other record refers, so that landing the table takes
#: some time and can be interrupted.
_BULK = f"""
insert into rms.custody_record (
    custody_id, occurrence_ref, arresting_officer_no, detention_reason_code, detained_at,
    created_at, updated_at
)
select
    9000000 + n, null, 'C' || n % 50, repeat('OTHER', 8), moment, moment, moment
from generate_series(1, {BULK}) as n
cross join lateral (select timestamptz '2026-04-12 00:00+00' + n * interval '1 minute' as moment)
"""
#: SQL for changes on the second day that the simulator may not make by itself: hard deletes, rows
#: that break the source contract, and a protective marking that is refused.
_SECOND_DAY = {
    "rms": """
        update rms.custody_record
        set detention_reason_code = repeat('AGAIN', 8), updated_at = '2026-04-22 02:00+00'
        where custody_id > 9000000 and custody_id % 2 = 0;
        delete from rms.custody_record where custody_id > 9000000 and custody_id % 1000 = 7;
        update rms.custody_record
        set arresting_officer_no = '', updated_at = '2026-04-22 02:00+00'
        where custody_id > 9000000 and custody_id % 5000 = 3;
        delete from rms.nccu_referral
        where referral_id = (select min(referral_id) from rms.nccu_referral);
    """,
    "intelligence": """
        update intel.report
        set protective_marking = 'SECRET', updated_at = '2026-04-22 02:00+00'
        where report_id in (select report_id from intel.report order by report_id limit 2);
        delete from intel.dissemination
        where dissemination_id = (select min(dissemination_id) from intel.dissemination);
    """,
}


class Template:
    """The two saved state folders, and the work folder, to which one of them is copied."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / "work"
        self.settings = dataclasses.replace(
            load_settings(), home=self.work, dropzone=f"file://{self.work}/dropzone", pg_port=None
        )

    def make(self) -> None:
        """Make both saved folders, unless an earlier start of the harness has made them."""
        first, second = self.root / "first", self.root / "second"
        if second.exists():
            return
        self.root.mkdir(parents=True, exist_ok=True)
        self.discard()
        assurance(self.settings, "simulate", "--seed", str(SEED), *_between(*DAYS[:2]))
        _run_sql(self.settings, "rms", _BULK)
        # After a crash, the server's clean-up drops the temporary tables of the sessions that it
        # lost. It begins after a second here, and not after a minute.
        with psycopg.connect(admin_url(self.settings), autocommit=True) as administrator:
            administrator.execute("alter system set autovacuum_naptime = 1")
        self._save(first)
        self.restore("first")
        assurance(self.settings, "run", "--as-at", AS_AT["first"].isoformat())
        simulate(self.settings, SEED, DAYS[1], DAYS[2])
        for system, statements in _SECOND_DAY.items():
            _run_sql(self.settings, system, statements)
        _drop_bad_files(self.work / "dropzone")
        self._save(second)

    def restore(self, name: str) -> None:
        """Replace the work folder with a copy of the saved folder `name`, without a server."""
        self.discard()
        _copy(self.root / name, self.work)

    def discard(self) -> None:
        """Stop the server of the work folder immediately, and remove the folder."""
        end_server(self.settings)
        shutil.rmtree(self.work, ignore_errors=True)

    def _save(self, folder: Path) -> None:
        embedded.stop(self.settings)
        draft = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(self.work, draft, symlinks=True)
        for log in (draft / "log").glob("*.log"):
            log.unlink()
        draft.rename(folder)


def end_server(settings: Settings, patience: float = 30.0) -> None:
    """Stop the server of a state folder without a checkpoint, and wait until it has ended.

    Raises:
        TimeoutError: the server still runs after `patience` seconds.
    """
    data = data_dir(settings)
    deadline = time.monotonic() + patience
    while (running := find_postmaster(data)) is not None:
        os.kill(running.pid, signal.SIGQUIT)
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server of {data} does not end")
        time.sleep(0.02)


def assurance(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run an `assurance` command to its end in a separate process.

    Raises:
        RuntimeError: the command fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "oic_assurance.cli", *arguments], env=environment(settings),
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"assurance {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables of a process that uses the state folder of `settings`."""
    return {**environment_of_tests(), "ASSURANCE_HOME": str(settings.home)}


def environment_of_tests() -> dict[str, str]:
    """Return the environment variables of a process that uses this checkout.

    The variables contain no state folder and no other setting of Airflow, dbt, PostgreSQL or the
    product, but that nobody makes back-ups.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW_", "ASSURANCE_", "DBT_", "PG"))
    }
    path = os.pathsep.join([str(PROJECT / "include"), str(PROJECT)])
    return {**inherited, "PYTHONPATH": path, "ASSURANCE_NO_BACKUPS": "the tests need none"}


def _between(first: date, last: date) -> list[str]:
    return ["--from", first.isoformat(), "--to", last.isoformat()]


def _copy(source: Path, target: Path) -> None:
    # If the file system supports it, the copy shares the blocks of the source and takes no time.
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)


def _run_sql(settings: Settings, database: str, statements: str) -> None:
    with psycopg.connect(admin_url(settings, database)) as connection:
        connection.execute(statements.encode())


def _drop_bad_files(dropzone: Path) -> None:
    """Put three unusual personnel files into the dropzone.

    The first is empty, so it is refused. The second is a known file with changed content. The third
    is a file for a past day that had no file.
    """
    people = dropzone / "hr" / "personnel"
    known = sorted(people.glob("personnel_*.csv"))
    (people / "personnel_20260424.csv").write_bytes(b"")
    changed = known[-4]
    lines = changed.read_bytes().splitlines(keepends=True)
    changed.write_bytes(b"".join(lines[:-1]))
    (people / "personnel_20260315.csv").write_bytes(b"".join(lines[: len(lines) // 2]))

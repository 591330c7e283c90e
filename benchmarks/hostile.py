"""Measure how much longer the daily run takes while readers try to slow it down.

`python -m benchmarks.hostile [--pairs N] [--days N] [--home FOLDER] [--only KIND]`

A pair is two runs as at the same moment: one without readers, and one while hostile readers are
connected. There is one pair for each kind of attack, and N pairs with all kinds at the same time:
with as many sessions as the logins may have, and with six times as many threads, which try to
connect again and again.

The readers log in as `bi_reader` and as a supervisor, lift every limit that they can lift, and
connect again as soon as a session ends. Real readers would be on another machine, so the readers'
process only gets the processor time that nobody else wants. The benchmark thus measures only the
work that readers cause on the server.
"""

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.history import LAST_DAY, Force
from benchmarks.table import measured_on, write_between
from oic_assurance.errors import AssuranceError

BEGIN = "<!-- begin: written by `python -m benchmarks.hostile` -->"
END = "<!-- end: hostile -->"
#: The target: the highest ratio of a run's time with hostile readers to its time without.
TARGET = 1.1
WRONG = dict.fromkeys(["password"], "wrong")
#: How many sessions each login may have, and so tries to open.
SESSIONS = {"bi_reader": 16, "supervisor": 4}
#: With how many times as many threads the readers try to connect in the attack `STORM`.
CROWD = 6
LIFT = (
    "set default_transaction_read_only = off",
    "set default_transaction_isolation = 'read committed'",
    "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
    "set idle_session_timeout = 0",
    "set lock_timeout = 0",
)


def cross_join(conn: psycopg.Connection) -> None:
    """Keep one processor busy."""
    conn.execute("select count(*) from generate_series(1, 30000) a, generate_series(1, 30000) b")


def sort(conn: psycopg.Connection) -> None:
    """Repeatedly write as much to the disk as the server lets a session write."""
    conn.execute("set work_mem = '64kB'")
    conn.execute(
        "select max(t) from (select repeat(md5(g::text), 9) as t "
        "from generate_series(1, 3000000) as g order by 1) as sorted"
    )


def memory(conn: psycopg.Connection) -> None:
    """Use as much memory as the server gives a session."""
    conn.execute("set work_mem = '2GB'")
    conn.execute("select length(string_agg(repeat('x', 500), '')) from generate_series(1, 1900000)")


def hold_tables(conn: psycopg.Connection) -> None:
    """Lock every table that the login can read, and stay idle in the transaction."""
    with conn.transaction():
        seen = conn.execute(
            "select c.oid::regclass::text from pg_catalog.pg_class as c "
            "where c.relkind in ('r', 'p', 'v') and c.relnamespace::regnamespace::text "
            "in ('marts', 'public_release', 'limited') and has_table_privilege(c.oid, 'SELECT')"
        ).fetchall()
        for (table,) in seen:
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege), conn.transaction():
                conn.execute(f"lock table {table} in access share mode".encode())
        time.sleep(600)


def cursor(conn: psycopg.Connection) -> None:
    """Hold a snapshot and a half-read cursor."""
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        conn.execute("declare c cursor with hold for select generate_series(1, 3000000)")
        conn.execute("fetch 10 from c")
        time.sleep(60)


def locks(conn: psycopg.Connection) -> None:
    """Try to take the pipeline's locks, in the way of the present code and of earlier versions.

    Also try to create a large object and a temporary table.
    """
    for attack in (
        "select pg_advisory_lock(hashtextextended('publishing', 0))",
        "select pg_advisory_lock(g) from generate_series(1, 100000) as g",
        "select locks.try_take('publishing', false)",
        "select from locks.lock for update",
        "select lo_from_bytea(0, 'x')",
        "create temporary table t as select generate_series(1, 1000000)",
    ):
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            conn.execute(attack.encode())
    time.sleep(1)


def notify(conn: psycopg.Connection) -> None:
    """Fill the server's queue of notifications."""
    conn.execute("listen flood")
    for _ in range(200):
        conn.execute(b"notify flood, '" + b"x" * 7000 + b"'")


def reconnect(conn: psycopg.Connection) -> None:
    """Connect again and again."""
    conn.execute("select 1")
    conn.close()


KINDS: dict[str, Callable[[psycopg.Connection], None]] = {
    kind.__name__: kind
    for kind in (cross_join, sort, memory, hold_tables, cursor, locks, notify, reconnect)
}


#: The attacks with all kinds at the same time.
EVERYTHING, STORM = "everything", "everything and a storm of connections"


class YoungForce(Force):
    """A synthetic force with a history of some days."""

    def __init__(self, days: int, home: Path) -> None:
        super().__init__(1, home)
        self._days = days

    @property
    def first_day(self) -> date:
        """The first day of the history."""
        return LAST_DAY - timedelta(days=self._days)


@dataclass
class Pair:
    """The times of the two runs of a pair, in seconds: without and with hostile readers."""

    attack: str
    alone: float
    beside: float


def main() -> None:
    """Run the pairs and write the README's table.

    With `--only`, the table is printed and not written. With `--as-reader`, this process is the
    readers' process: it attacks until it is killed.
    """
    options = _options()
    if options.as_reader:
        _attack_for_ever([os.environ[login] for login in SESSIONS], options.only)
        return
    attacks = [options.only] if options.only else [*KINDS, *[EVERYTHING, STORM] * options.pairs]
    with tempfile.TemporaryDirectory(prefix="assurance-hostile-", dir=options.home) as home:
        force = YoungForce(options.days, Path(home) / "force")
        try:
            force.simulate_until(LAST_DAY)
            force.daily_run(LAST_DAY)
            _write(options, [_pair(force, *numbered) for numbered in enumerate(attacks)])
        finally:
            force.call("db", "stop")


def _pair(force: Force, number: int, attack: str) -> Pair:
    urls = force.call("db", "url", "bi").strip()
    supervisor = _supervisor(force, urls)
    took = {}
    for beside in (False, True) if number % 2 else (True, False):
        with hostile([urls, supervisor], attack) if beside else contextlib.nullcontext():
            began = time.monotonic()
            force.daily_run(LAST_DAY)
            took[beside] = time.monotonic() - began
        sys.stderr.write(f"{'beside ' + attack if beside else 'alone'}: {took[beside]:.1f} s\n")
    return Pair(attack, took[False], took[True])


def _supervisor(force: Force, url: str) -> str:
    """Return the URL of a supervisor's login."""
    with psycopg.connect(force.call("db", "url", "bi").strip()) as reader:
        row = reader.execute(
            "select org_unit_code from marts.dim_org_unit order by 1 limit 1"
        ).fetchone()
    login = f"supervisor_{random.randrange(10**6)}"  # noqa: S311 - a name, no secret
    if row is None:
        raise AssuranceError("The marts have no unit.")
    arguments = ("access", "give", login, "--unit", row[0], "--reason", "a benchmark")
    password = force.call(*arguments).split()[-1]
    return psycopg.conninfo.make_conninfo(url, user=login, password=password)


@contextlib.contextmanager
def hostile(urls: list[str], attack: str) -> Iterator[None]:
    """Run hostile readers during the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.hostile", "--as-reader", "--only", attack],
        # The URLs are passed in the environment, so no password shows in the list of processes.
        env={**os.environ, **dict(zip(SESSIONS, urls, strict=True))},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(5)
        yield
    finally:
        process.kill()
        process.wait()
        # The server ends the statement of a client that is gone after at most this time.
        time.sleep(5)


def _attack_for_ever(urls: list[str], attack: str) -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    group = Path("/proc/self/autogroup")
    if group.exists():
        group.write_text("19", encoding="ascii")
    kinds = [KINDS[attack]] if attack in KINDS else list(KINDS.values())
    crowd = CROWD if attack == STORM else 1
    for url, sessions in zip(urls, SESSIONS.values(), strict=True):
        for number in range(sessions * crowd):
            kind = kinds[number % len(kinds)]
            threading.Thread(target=_attack, args=(url, kind), daemon=True).start()
    while True:
        # Failed logins with wrong passwords are part of the attack.
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(
                psycopg.conninfo.make_conninfo(urls[0], **WRONG), connect_timeout=5
            ).close()


def _attack(url: str, kind: Callable[[psycopg.Connection], None]) -> None:
    while True:
        with (
            contextlib.suppress(psycopg.Error, OSError),
            psycopg.connect(url, autocommit=True, connect_timeout=10) as conn,
        ):
            for statement in LIFT:
                conn.execute(sql.SQL(statement))
            while not conn.closed:
                kind(conn)
        time.sleep(0.05)


def _write(options: argparse.Namespace, pairs: list[Pair]) -> None:
    lines = [
        f"{measured_on()}; pairs of runs in turn, a history of {options.days} days.",
        "",
        "| attack | pairs | run alone | beside hostile readers | ratio (range) | target |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for attack in dict.fromkeys(pair.attack for pair in pairs):
        own = [pair for pair in pairs if pair.attack == attack]
        ratios = [pair.beside / pair.alone for pair in own]
        spread = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(own) > 1 else ""
        lines.append(
            f"| {attack.replace('_', ' ')} | {len(own)} "
            f"| {statistics.median(pair.alone for pair in own):.1f} s "
            f"| {statistics.median(pair.beside for pair in own):.1f} s "
            f"| {statistics.median(ratios):.2f}{spread} | {TARGET:.2f} |"
        )
    if options.only:
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        write_between(BEGIN, END, lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--days", type=int, default=90, help="the length of the history")
    parser.add_argument("--home", help="the folder for the state folder")
    parser.add_argument("--only", choices=[*KINDS, EVERYTHING, STORM], help="only one attack")
    parser.add_argument("--as-reader", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

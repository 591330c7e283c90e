"""Measure how long readers wait for the answers to the dashboards' queries.

By default, 16 readers query one force with a history of ten years.

`python -m benchmarks.readers [--readers N] [--seconds N] [--think SECONDS] [--years N]
[--home FOLDER]`

There are five rounds, in which readers send the queries:

1. One reader alone.
2. N readers who look at each answer for a while, as people at dashboards do.
3. N readers who ask without pause. They keep the machine busy, so their times show how long a query
   waits for other queries.
4. and 5. Rounds 2 and 3 again, with the login of a supervisor of two teams, who reads views instead
   of the marts. The times divided by those of rounds 2 and 3 show what the views cost.
"""

import argparse
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.history import LAST_DAY, Force
from benchmarks.table import measured_on, write_between

QUERIES = Path(__file__).resolve().parents[1] / "include" / "bi" / "queries"
BEGIN, END = "<!-- begin: written by `python -m benchmarks.readers` -->", "<!-- end: readers -->"
LIMITED = (
    "<!-- begin: written by `python -m benchmarks.readers`, limited -->",
    "<!-- end: limited readers -->",
)
SUPERVISOR = "benchmark.supervisor"
#: The target: 95% of the answers to a query arrive within this time, in seconds.
TARGET = 0.050
#: How many seconds a round may take longer than planned.
PATIENCE = 120.0
#: How many queries a table shows.
SHOWN = 8
#: The seconds that each execution of a query took, keyed by the query's name.
Waits = dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """One round: how many readers send queries, and for how long.

    `seconds` is the length of the round. `think` is how many seconds a reader looks at an answer
    before sending the next query. With `is_limited`, the queries read schema `limited`.
    """

    readers: int
    seconds: float
    think: float
    is_limited: bool = False


def main() -> None:
    """Run the five rounds and write the README's two tables."""
    options = _options()
    with _force(options) as force:
        url = force.call("db", "url", "bi").strip()
        alone, _ = run(url, Plan(1, options.seconds / 2, 0.0))
        rounds: list[tuple[Waits, float]] = []
        limited: list[Waits] = []
        with _supervisor(force, url, options.readers) as supervisor:
            for think in (options.think, 0.0):
                plan = Plan(options.readers, options.seconds, think)
                rounds.append(run(url, plan))
                limited.append(run(supervisor, replace(plan, is_limited=True))[0])
    _write(options, alone, rounds)
    _write_limited(options, [waits for waits, _ in rounds], limited)


def run(url: str, plan: Plan) -> tuple[Waits, float]:
    """Run one round: how long its readers waited for each answer, and all queries in a second."""
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(plan.readers), context.Queue()
    processes = [
        context.Process(target=_read, args=(url, plan, number, ready, results))
        for number in range(plan.readers)
    ]
    for process in processes:
        process.start()
    waits: Waits = {}
    rate = 0.0
    for _ in processes:
        # A reader that fails prints its error and puts nothing.
        own, took = results.get(timeout=plan.seconds + PATIENCE)
        rate += sum(map(len, own.values())) / took
        for name, seconds in own.items():
            waits.setdefault(name, []).extend(seconds)
    for process in processes:
        process.join()
    return waits, rate


def _read(
    url: str, plan: Plan, number: int, ready: Barrier, results: "Queue[tuple[Waits, float]]"
) -> None:
    rng = random.Random(number)  # noqa: S311 - not for secrets
    texts = {path.stem: path.read_bytes() for path in sorted(QUERIES.glob("*.sql"))}
    if plan.is_limited:
        # A limited login reads neither the public release nor the state of the warehouse.
        texts = {
            name: text.replace(b"marts.", b"limited.")
            for name, text in texts.items()
            if b"public_release." not in text and b"state." not in text
        }
    waits: Waits = {name: [] for name in texts}
    # Dashboards do not use prepared statements, so the server plans a query at each execution.
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as bi:
        for text in texts.values():
            bi.execute(text).fetchall()
        ready.wait()
        began = time.monotonic()
        # Each reader asks every query equally often, so its last round may end later.
        while time.monotonic() < began + plan.seconds:
            for name in rng.sample(sorted(texts), len(texts)):
                started = time.monotonic()
                bi.execute(texts[name]).fetchall()
                waits[name].append(time.monotonic() - started)
                time.sleep(plan.think * rng.uniform(0.5, 1.5))
        results.put((waits, time.monotonic() - began))


@contextmanager
def _force(options: argparse.Namespace) -> Iterator[Force]:
    """Yield a force with a publication: the force in the state folder `--home`, or a new force."""
    if options.home is not None:
        force = Force(options.years, options.home.resolve())
        force.call("db", "start")
        yield force
        return
    with tempfile.TemporaryDirectory(prefix="assurance-readers-") as home:
        Path(home).chmod(0o711)
        force = Force(options.years, Path(home))
        try:
            force.simulate_until(LAST_DAY)
            force.daily_run(LAST_DAY)
            yield force
        finally:
            force.call("db", "stop")


@contextmanager
def _supervisor(force: Force, bi: str, sessions: int) -> Iterator[str]:
    """Yield the URI of a supervisor's login that may have some sessions.

    Sixteen supervisors have a session each. Here one login stands for all of them. It has the two
    teams with the most rows in `fct_training_requirement`.
    """
    with psycopg.connect(bi) as reader:
        units = reader.execute(
            "select org_unit_code from marts.fct_training_requirement "
            "where org_unit_code <> 'UNKNOWN' group by 1 order by count(*) desc, 1 limit 2"
        ).fetchall()
    chosen = [part for (unit,) in units for part in ("--unit", unit)]
    printed = force.call("access", "give", SUPERVISOR, *chosen, "--reason", "the benchmark")
    password = printed.split()[-1]
    owner_url = force.call("db", "url", "warehouse").strip()
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            sql.SQL("alter role {} connection limit {}").format(
                sql.Identifier(SUPERVISOR), sql.Literal(sessions)
            )
        )
    try:
        yield make_conninfo(bi, user=SUPERVISOR, password=password)
    finally:
        force.call("access", "end", SUPERVISOR, "--reason", "the benchmark is over")
        with psycopg.connect(owner_url) as owner:
            owner.execute(sql.SQL("drop role {}").format(sql.Identifier(SUPERVISOR)))


def _write_limited(
    options: argparse.Namespace, rounds: Sequence[Waits], limited: Sequence[Waits]
) -> None:
    lines = [
        f"{measured_on()}; {_history(options)}. {options.readers} readers with the "
        "login of a supervisor of two teams. The ratio is to the readers of the marts in the same "
        "run.",
        "",
        f"| query | {options.readers} at dashboards: p50 | p95 | target | ratio of p95 "
        f"| {options.readers} without pause: p50 | p95 | ratio of p95 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in _slowest(limited[0]):
        high = [_at(waits[name], 0.95) for waits in limited]
        ratios = [own / _at(waits[name], 0.95) for own, waits in zip(high, rounds, strict=True)]
        target = "50 ms" if high[0] <= TARGET else "50 ms, missed"
        lines.append(
            f"| `{name}` | {_pair(limited[0][name])} | {target} | {ratios[0]:.2f} "
            f"| {_pair(limited[1][name])} | {ratios[1]:.2f} |"
        )
    write_between(*LIMITED, [*lines, "", _rest(limited[0])])


def _write(
    options: argparse.Namespace, alone: Waits, rounds: Sequence[tuple[Waits, float]]
) -> None:
    (at_dashboards, rate), (without_pause, busy) = rounds
    lines = [
        f"{measured_on()}, readers on the same machine; {_history(options)}. {options.readers} "
        f"readers who look at each answer for {options.think:g} s ask {rate:.0f} queries a second. "
        f"Without pause they ask {busy:.0f}.",
        "",
        f"| query | alone: p50 | p95 | {options.readers} at dashboards: p50 | p95 | target "
        f"| {options.readers} without pause: p50 | p95 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in _slowest(at_dashboards):
        target = "50 ms" if _at(at_dashboards[name], 0.95) <= TARGET else "50 ms, missed"
        cells = [
            _pair(alone[name]),
            _pair(at_dashboards[name]),
            target,
            _pair(without_pause[name]),
        ]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    write_between(BEGIN, END, [*lines, "", _rest(at_dashboards)])


def _history(options: argparse.Namespace) -> str:
    """Say which force was read."""
    if options.home is not None:
        return "the force of `--home`"
    return f"{options.years} years of one force"


def _slowest(waits: Waits) -> list[str]:
    """Return the names of the queries of a table: those with the longest waits, longest first."""
    return sorted(waits, key=lambda name: -_at(waits[name], 0.95))[:SHOWN]


def _rest(waits: Waits) -> str:
    """Say what the queries that a table leaves out took in its first round of many readers."""
    others = sorted((_at(waits[name], 0.95) for name in waits), reverse=True)[SHOWN:]
    longest = f": at most {others[0] * 1000:.1f} ms (p95)" if others else ""
    return f"Each of the other {len(others)} queries, at dashboards{longest}."


def _at(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def _pair(seconds: Sequence[float]) -> str:
    return " | ".join(f"{_at(seconds, share) * 1000:.1f} ms" for share in (0.5, 0.95))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("--readers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument(
        "--think", type=float, default=1.0, help="mean pause after an answer, in seconds"
    )
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--home", type=Path, help="a state folder with a publication")
    return parser.parse_args()


if __name__ == "__main__":
    main()

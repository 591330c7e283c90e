"""Measure how long readers wait for the queries of the dashboards.

By default there is one force with a history of ten years, and 16 readers.

`python -m benchmarks.readers [--readers N] [--seconds N] [--think SECONDS] [--years N]
[--home FOLDER]`

There are three rounds:

1. One reader alone.
2. N readers who look at each answer for a while, as people at dashboards do.
3. N readers who ask without pause. This keeps the machine busy, so it measures the queue.
"""

import argparse
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg

from benchmarks.history import LAST_DAY, Force
from benchmarks.table import measured_on, write_between

QUERIES = Path(__file__).resolve().parents[1] / "include" / "bi" / "queries"
BEGIN, END = "<!-- begin: written by `python -m benchmarks.readers` -->", "<!-- end: readers -->"
#: The target: 95% of the answers to a query arrive within this time, in seconds.
TARGET = 0.050
#: For each query, by its name: the seconds that each execution took.
Waits = dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """One round: how many readers send queries, and for how long.

    `seconds` is the length of the round. `think` is the time, in seconds, for which a reader looks
    at an answer before the next query.
    """

    readers: int
    seconds: float
    think: float


def main() -> None:
    """Run the three rounds and write the table of the README."""
    options = _options()
    with _force(options) as force:
        urls = {name: force.call("db", "url", name).strip() for name in ("bi", "public")}
        rounds = [
            run(urls, Plan(1, options.seconds / 2, 0.0)),
            run(urls, Plan(options.readers, options.seconds, options.think)),
            run(urls, Plan(options.readers, options.seconds, 0.0)),
        ]
    _write(options, rounds)


def run(urls: Mapping[str, str], plan: Plan) -> Waits:
    """Run one round and return how long its readers waited for each query."""
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(plan.readers), context.Queue()
    processes = [
        context.Process(target=_read, args=(dict(urls), plan, number, ready, results))
        for number in range(plan.readers)
    ]
    for process in processes:
        process.start()
    waits: Waits = {}
    for _ in processes:
        for name, seconds in results.get().items():
            waits.setdefault(name, []).extend(seconds)
    for process in processes:
        process.join()
    return waits


def _read(
    urls: dict[str, str], plan: Plan, number: int, ready: Barrier, results: "Queue[Waits]"
) -> None:
    rng = random.Random(number)  # noqa: S311 - not for secrets
    texts = {path.stem: path.read_bytes() for path in sorted(QUERIES.glob("*.sql"))}
    waits: Waits = {name: [] for name in texts}
    # Dashboards do not use prepared statements, so the server plans a query at each execution.
    with (
        psycopg.connect(urls["bi"], autocommit=True, prepare_threshold=None) as bi,
        psycopg.connect(urls["public"], autocommit=True, prepare_threshold=None) as public,
    ):
        sessions = {name: public if name.startswith("public_") else bi for name in texts}
        for name, text in texts.items():
            sessions[name].execute(text).fetchall()
        ready.wait()
        end = time.monotonic() + plan.seconds
        while time.monotonic() < end:
            for name in rng.sample(sorted(texts), len(texts)):
                started = time.monotonic()
                sessions[name].execute(texts[name]).fetchall()
                waits[name].append(time.monotonic() - started)
                time.sleep(plan.think * rng.uniform(0.5, 1.5))
    results.put(waits)


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


def _write(options: argparse.Namespace, rounds: Sequence[Waits]) -> None:
    alone, at_dashboards, without_pause = rounds
    rate = sum(map(len, at_dashboards.values())) / options.seconds
    busy = sum(map(len, without_pause.values())) / options.seconds
    lines = [
        f"{measured_on()}, readers on the same machine; "
        f"{options.years} years of one force. {options.readers} readers who look at each answer "
        f"for {options.think:g} s ask {rate:.0f} queries a second. Without pause they ask "
        f"{busy:.0f}.",
        "",
        f"| query | alone: p50 | p95 | {options.readers} at dashboards: p50 | p95 | target "
        f"| {options.readers} without pause: p50 | p95 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in sorted(at_dashboards, key=lambda name: -_at(at_dashboards[name], 0.95)):
        target = "50 ms" if _at(at_dashboards[name], 0.95) <= TARGET else "50 ms, missed"
        cells = [
            _pair(alone[name]),
            _pair(at_dashboards[name]),
            target,
            _pair(without_pause[name]),
        ]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    write_between(BEGIN, END, lines)


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

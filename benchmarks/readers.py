"""What a reader waits for: every query of the dashboards, one force, ten years, 16 readers.

`python -m benchmarks.readers [--readers N] [--seconds N] [--think SECONDS] [--years N]
[--home FOLDER]`

Three times: one reader alone; so many who look at each answer for a while, as people at dashboards
do; so many who ask without pause, which keeps the machine busy and measures the queue.
"""

import argparse
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg

from benchmarks.history import LAST_DAY, Force
from benchmarks.table import write_between

QUERIES = Path(__file__).resolve().parents[1] / "include" / "bi" / "queries"
BEGIN, END = "<!-- begin: written by `python -m benchmarks.readers` -->", "<!-- end: readers -->"
#: Seconds within which 95 of 100 answers are there.
BAR = 0.050
#: Seconds of one query, by its name.
Waits = dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """How one round is asked: by how many, for how long, with what pause after each answer."""

    readers: int
    seconds: float
    think: float


def main() -> None:
    """Ask, and write the table."""
    asked = _options()
    with _force(asked) as force:
        urls = {name: force.call("db", "url", name).strip() for name in ("bi", "public")}
        rounds = [
            run(urls, Plan(1, asked.seconds / 2, 0.0)),
            run(urls, Plan(asked.readers, asked.seconds, asked.think)),
            run(urls, Plan(asked.readers, asked.seconds, 0.0)),
        ]
    _write(asked, rounds)


def run(urls: Mapping[str, str], plan: Plan) -> Waits:
    """Let readers ask for so long; return what they waited for each query."""
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(plan.readers), context.Queue()
    processes = [
        context.Process(target=_read, args=(dict(urls), plan, number, ready, told))
        for number in range(plan.readers)
    ]
    for process in processes:
        process.start()
    waits: Waits = {}
    for _ in processes:
        for name, seconds in told.get().items():
            waits.setdefault(name, []).extend(seconds)
    for process in processes:
        process.join()
    return waits


def _read(
    urls: dict[str, str], plan: Plan, number: int, ready: Barrier, told: "Queue[Waits]"
) -> None:
    chance = random.Random(number)  # noqa: S311 - not for secrets
    texts = {path.stem: path.read_bytes() for path in sorted(QUERIES.glob("*.sql"))}
    waits: Waits = {name: [] for name in texts}
    # Dashboards do not prepare: each time the query is planned anew.
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
            for name in chance.sample(sorted(texts), len(texts)):
                began = time.monotonic()
                sessions[name].execute(texts[name]).fetchall()
                waits[name].append(time.monotonic() - began)
                time.sleep(plan.think * chance.uniform(0.5, 1.5))
    told.put(waits)


@contextmanager
def _force(asked: argparse.Namespace) -> Iterator[Force]:
    """Give a force with a publication: the one of a state folder, or one made for this."""
    if asked.home is not None:
        force = Force(asked.years, asked.home.resolve())
        force.call("db", "start")
        yield force
        return
    with tempfile.TemporaryDirectory(prefix="assurance-readers-") as home:
        Path(home).chmod(0o711)
        force = Force(asked.years, Path(home))
        try:
            force.live_until(LAST_DAY)
            force.daily_run(LAST_DAY)
            yield force
        finally:
            force.call("db", "stop")


def _write(asked: argparse.Namespace, rounds: Sequence[Waits]) -> None:
    alone, people, ceaseless = rounds
    rate = sum(map(len, people.values())) / asked.seconds
    busy = sum(map(len, ceaseless.values())) / asked.seconds
    lines = [
        f"{date.today():%d %B %Y}, {os.cpu_count()} cores, readers on the same machine; "  # noqa: DTZ011 - the reader's own day
        f"{asked.years} years of one force. {asked.readers} readers who look at an answer for "
        f"{asked.think:g} s ask {rate:.0f} queries a second, without pause {busy:.0f}.",
        "",
        f"| query | alone: p50 | p95 | {asked.readers} at dashboards: p50 | p95 | bar "
        f"| {asked.readers} without pause: p50 | p95 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in sorted(people, key=lambda name: -_at(people[name], 0.95)):
        bar = "50 ms" if _at(people[name], 0.95) <= BAR else "50 ms, missed"
        cells = [f"{_ms(alone[name], 0.5)} | {_ms(alone[name], 0.95)}"]
        cells += [f"{_ms(people[name], 0.5)} | {_ms(people[name], 0.95)} | {bar}"]
        cells += [f"{_ms(ceaseless[name], 0.5)} | {_ms(ceaseless[name], 0.95)}"]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    write_between(BEGIN, END, lines)


def _at(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def _ms(seconds: Sequence[float], share: float) -> str:
    return f"{_at(seconds, share) * 1000:.1f} ms"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("--readers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=1.0, help="seconds, half to one and a half")
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--home", type=Path, help="a state folder with a publication")
    return parser.parse_args()


if __name__ == "__main__":
    main()

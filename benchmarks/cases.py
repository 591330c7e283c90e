"""The cases of the landing benchmark.

Each case measures one landing task. If there is a simpler way to load the same rows (a peer), the
case measures the peer too.
"""

import os
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Compared, Cost, compare, median, run, run_shell
from benchmarks.world import COLUMNS, DATASET, FILES, KEY, World
from oic_assurance.sources.declarations.model import PROVENANCE

HEADER = "employee_no,course_code,module_code,module_version,status,completed_at,score"
BAD_SHARE = 0.005
#: The Python of the environment with the peers (`make setup-benchmarks`).
PEERS = Path(__file__).parent.parent / ".venv-benchmarks" / "bin" / "python"


@dataclass(frozen=True)
class Result:
    """One row of the table in the README."""

    work: str
    rows: int
    peer: str
    target: (
        float | None
    )  # the highest allowed ratio of landing's time to the peer's, if there is one
    ours: Cost
    compared: Compared | None = None


def full_load(world: World, rows: int, pairs: int) -> Iterator[Result]:
    """Measure landing a whole PostgreSQL table, once with archiving the batch and once without.

    The peer copies the same rows with `psql`.
    """
    provenance = {
        "force_code": "'E23000022'::text",
        "batch_id": "1::bigint",
        "row_number": "row_number() over ()",
        "row_key": f"{KEY}::text",
        "version_at": "updated_at",
        "landed_at": "now()",
        "row_fingerprint": "'0123456789abcdef'::text",
        "is_tombstone": "false",
    }
    columns = ", ".join(COLUMNS)
    select = f"select {columns}, {', '.join(provenance[name] for name in PROVENANCE)}"
    pipe = (
        f"{world.psql} -q '{world.source_url}' -c \"copy ({select} from rms.occurrence) to stdout"
        f" (format binary)\" | {world.psql} -q '{world.warehouse_url}' -c"
        f' "copy bench.same_shape ({columns}, {", ".join(PROVENANCE)}) from stdin (format binary)"'
    )

    def empty_tables() -> None:
        world.forget()
        world.execute("truncate bench.same_shape")
        world.settle()

    for work, target, options in (
        ("full load, batch not archived", 1.15, ["--no-archive"]),
        ("full load, batch archived and hashed", 1.5, []),
    ):
        found = compare(
            f"{work}, {rows} rows",
            pairs,
            partial(_land, DATASET, *options),
            lambda: run_shell(pipe),
            before_each=empty_tables,
        )
        peer = "psql binary pipe into a table with the same columns and indexes"
        yield Result(work, rows, peer, target, median(found.ours), found)


def changes(world: World, rows: int, pairs: int) -> Iterator[Result]:
    """Measure landing after one row in a hundred has changed, including the reconciliation.

    The peer copies the changed rows and inserts or updates them.
    """
    _land(DATASET)
    since = "2000-01-01"
    _upsert(since)

    def change() -> None:
        nonlocal since
        since = world.change(rows, 0.01)
        world.settle()

    found = compare(
        f"1% changed of {rows} rows",
        pairs,
        lambda: _land(DATASET),
        lambda: _upsert(since),
        before_pair=change,
    )
    peer = "binary COPY into a temporary table, insert on conflict"
    yield Result("1% changed", rows, peer, 1.3, median(found.ours), found)


def nothing_changed(world: World, rows: int, pairs: int) -> Iterator[Result]:
    """Measure landing from a source in which nothing has changed. This case has no peer."""
    _land(DATASET)
    costs = [_land(DATASET) for _ in range(pairs)]
    yield Result("nothing changed", rows, "under 1 s", None, median(costs))


def files(world: World, rows: int, pairs: int) -> Iterator[Result]:
    """Measure landing a CSV file. Its good rows go into raw, its bad rows into quarantine.

    Two peers `COPY` a file without bad rows: one into a plain table, the other into a table with
    the same columns and indexes as the raw table. Two more peers, polars and dlt, load the same
    file as landing, with its bad rows (`file_peers`).
    """
    work = "CSV, 0.5% bad rows quarantined"
    folder = world.settings.home / "dropzone" / FILES
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    dropped = folder / "completions_20260101.csv"
    _write(dropped, rows, BAD_SHARE)
    clean = world.settings.home / "clean.csv"
    _write(clean, rows, 0.0)
    copy = (
        f"{world.psql} -q '{world.warehouse_url}' -c"
        f" \"\\copy {{}} ({HEADER}) from '{clean}' (format csv, header)\""
    )

    def empty_tables() -> None:
        world.forget()
        world.execute("truncate bench.completion, bench.completion_shape, bench.rejected")
        world.execute("drop schema if exists bench_dlt cascade")
        shutil.rmtree(world.settings.home / "dlt", ignore_errors=True)
        world.settle()

    for table, target, peer in (
        ("bench.completion", None, "typed COPY of a clean file, no key, no check"),
        (
            "bench.completion_shape",
            1.8,
            "the same into raw's columns and indexes, with a numeric key",
        ),
    ):
        found = compare(
            f"CSV of {rows} rows, peer loads {table}",
            pairs,
            lambda: _land(FILES),
            partial(run_shell, copy.format(table)),
            before_each=empty_tables,
        )
        yield Result(
            "CSV, 0.5% bad rows quarantined", rows, peer, target, median(found.ours), found
        )
    os.environ["DLT_FOLDER"] = str(world.settings.home / "dlt")
    for tool, peer in (
        ("polars", "polars: the four broken rules, key and fingerprint, COPY into raw's shape"),
        ("dlt", "dlt: a resource that checks the four broken rules, its CSV loader, no index"),
    ):
        found = compare(
            f"CSV of {rows} rows, peer {tool}",
            pairs,
            lambda: _land(FILES),
            partial(run, [str(PEERS), "benchmarks/file_peers.py", tool, str(dropped)]),
            before_each=empty_tables,
        )
        memory = median(found.peers).megabytes
        peer = f"{peer}; {memory:.0f} MB"
        yield Result(work, rows, peer, None, median(found.ours), found)


def _land(dataset: str, *options: str) -> Cost:
    return run([sys.executable, "-m", "benchmarks.land", dataset, *options])


def _upsert(since: str) -> Cost:
    return run([sys.executable, "-m", "benchmarks.upsert", since])


def _write(path: Path, rows: int, bad_share: float) -> None:
    """Write a file of completed training modules. Each bad row breaks one of four rules."""
    chance = random.Random(20260101)  # noqa: S311 - not for secrets
    with path.open("w") as file:
        file.write(HEADER + "\n")
        for n in range(rows):
            person, status = f"{100_000 + n % 90_000}", "COMPLETED"
            lap = n // 90_000
            at = f"2025-{1 + n % 12:02d}-{1 + n % 28:02d} {lap % 24:02d}:{lap // 24 % 60:02d}:00"
            if chance.random() < bad_share:
                person, status, at = chance.choice(
                    [
                        ("", status, at),
                        (person, "DONE", at),
                        ("12x", status, "31/02/2025 10:00"),
                        (person, status, ""),
                    ]
                )
            file.write(f"{person},OIC-EL,OIC-EL-{n % 7},1,{status},{at},{50 + n % 51}\n")


CASES = {
    "full": full_load,
    "changes": changes,
    "nothing": nothing_changed,
    "files": files,
}

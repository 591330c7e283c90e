"""Helpers for tests of operations: compare raw with the archive, damage raw, erase and replay."""

import csv
import gzip
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from oic_assurance.landing.land import land_dataset
from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Found, Request
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.replay import ReplayReport, replay
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.integration.asking import ask
from tests.integration.landing.support import CUSTODY, World, at, person, put

Row = dict[str, str]
_numbers = itertools.count(1)


class KilledError(BaseException):
    """Stands for a kill: the product does not catch it. The ends of `with` blocks still run."""


def disagreements(world: World, name: str) -> list[str]:
    """Compare raw with a dataset's archived batches. Return a line for each difference."""
    [proof] = verify(world.settings, name)
    return [str(one) for one in proof.disagreements]


def assert_agrees(world: World, name: str) -> None:
    """Check that raw agrees with every archived batch of a dataset.

    The check also fails if a batch cannot be compared.
    """
    [proof] = verify(world.settings, name)
    assert [str(one) for one in proof.disagreements] == []
    assert proof.not_compared == []


def damage(world: World, statement: str, *values: object) -> None:
    """Change raw or audit as the administrator, because no role of the warehouse may do this."""
    ask(world.settings, statement, *values)


def erase_record(
    world: World, name: str, key: str, table: str | None = None, dry: bool = False
) -> Found:
    declared = dataset(name)
    which = next(one for one in declared.tables if table in (None, one.name))
    request = Request(declared, which, (key,), "asked for under DPA 2018 s.47")
    return erase(world.settings, request, dry_run=dry)


def archived_contents(world: World, name: str) -> dict[str, bytes]:
    """Return the uncompressed content of each archived file of a dataset, by the file's name."""
    folder = world.settings.home / "batches" / name
    return {path.name: gzip.decompress(path.read_bytes()) for path in sorted(folder.iterdir())}


def deliver_in_turns(world: World, workers: Sequence[Settings]) -> None:
    """Land files, one of them late, and a table from which a row vanishes: each by the next worker.

    The officer 000777 is in every file.
    """
    turns = itertools.cycle(workers)
    for day, *rows in (
        ("20260101", "000001", "000777", "000003"),
        ("20260105", "000001", person("000777", "T2"), "000003"),
        ("20260103", "000001", person("000777", "T3")),
    ):
        world.personnel(day, *rows)
        land_dataset(next(turns), "hr/personnel", "run 1")
    for number in (1, 2, 3):
        put(world, number, at(number))
    land_dataset(next(turns), CUSTODY, "run 1")
    world.rms("delete from rms.custody_record where custody_id = 2")
    land_dataset(next(turns), CUSTODY, "run 1")


def export(world: World, dataset: str, **which: object) -> tuple[Path, list[Row]]:
    """Export the rejected rows of a dataset to a file. Return the file's path and its rows."""
    path = world.dropzone.parent / f"rejected-{next(_numbers)}.csv"
    export_rejected(world.settings, QuarantineFilter(dataset, **which), path, "tester")  # type: ignore[arg-type]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return path, list(csv.DictReader(file))


def write(path: Path, rows: list[Row], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Write rows to the exported file, as a spreadsheet does when it saves the file."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def correct(
    world: World, dataset: str, change: Callable[[Row], Row | None], **which: object
) -> ReplayReport:
    """Export rejected rows, apply `change` to each row, and replay the changed rows.

    If `change` returns None for a row, the row is not replayed.
    """
    path, rows = export(world, dataset, **which)
    write(path, [new for row in rows if (new := change(dict(row))) is not None])
    return replay(world.settings, dataset, path, "it was mistyped", "tester")


def replay_waiting(world: World, dataset: str) -> ReplayReport:
    """Replay all of a dataset's waiting rows as they were delivered, without correction."""
    return replay(world.settings, dataset, None, None, "tester")

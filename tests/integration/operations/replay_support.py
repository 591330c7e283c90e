"""Export rejected rows, correct them as a person would, and replay them."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path

from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.replay import ReplayReport, replay
from tests.integration.landing.support import World

Row = dict[str, str]
_numbers = itertools.count(1)


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

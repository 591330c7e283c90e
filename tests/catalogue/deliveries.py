"""Read the files that the healthy force delivers, and deliver damaged files instead."""

import os
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from tests.catalogue.defect import Files
from tests.catalogue.world import DAY, World

#: The datasets that have a file for every day.
DAILY = ("hr/personnel", "lms/completions")
_DATED = re.compile(r"([a-z_]+_)\d{8}(\.[a-z]+)")


def files(world: World, dataset: str) -> Files:
    """Return the contents of a dataset's second day's file, the file before it, and its first file.

    A register has a single file, always with the same name. Its content is returned three times.
    """
    today = _file(world, dataset, DAY)
    earlier = sorted(
        path for path in today.parent.iterdir() if path < today and path.suffix == today.suffix
    )
    yesterday, first = (earlier[-1], earlier[0]) if earlier else (today, today)
    return Files(today.read_bytes(), yesterday.read_bytes(), first.read_bytes())


def deliver(world: World, dataset: str, content: bytes | dict[str, bytes], day: date) -> None:
    """Replace a dataset's file for a day with other content, or with several files keyed by name.

    The files get the modification time of a file that was written in the night after the day.
    """
    usual = _file(world, dataset, day)
    if isinstance(content, bytes):
        content = {usual.name: content}
    usual.unlink(missing_ok=True)
    written = datetime.combine(day, time(1), UTC) + timedelta(days=1)
    for name, each in content.items():
        path = usual.with_name(name)
        path.write_bytes(each)
        os.utime(path, (written.timestamp(), written.timestamp()))


def deliver_again(world: World, dataset: str, day: date) -> None:
    """Deliver the second day's file of a dataset again, as the file of a later day."""
    deliver(world, dataset, _file(world, dataset, DAY).read_bytes(), day)


def _file(world: World, dataset: str, day: date) -> Path:
    """Return the path of a dataset's usual file for a day. The file may not exist.

    A register has a single file, always with the same name.
    """
    every = sorted(path for path in (world.dropzone / dataset).iterdir() if path.is_file())
    if len(every) == 1:
        return every[0]
    dated = next(path for path in every if _DATED.fullmatch(path.name))
    return dated.with_name(_DATED.sub(rf"\g<1>{day:%Y%m%d}\g<2>", dated.name))

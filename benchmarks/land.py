"""Land one dataset in the same way as a task of the daily run.

`python -m benchmarks.land DATASET [--no-archive]`

The landing benchmark measures the process that runs this command.
"""

import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from oic_assurance.batches import archive_writer
from oic_assurance.landing.land import land_dataset
from oic_assurance.settings import load_settings


class _NoArchive(archive_writer.ArchiveWriter):
    """An archive writer that writes nothing, to measure a landing without the archive."""

    def __init__(self, *_: Any) -> None:
        self.archived_as = ""
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return ""

    def write_header(self, header: Mapping[str, Any], form: str = "") -> None:
        pass

    def write(self, chunk: bytes) -> None:
        pass

    def finish(self) -> None:
        pass

    def discard(self) -> None:
        pass


def main(dataset: str, *options: str) -> None:
    """Land the dataset, without archiving its batches if `options` has `--no-archive`.

    Raises:
        SystemExit: a delivery was refused.
    """
    writer = _NoArchive if "--no-archive" in options else archive_writer.ArchiveWriter
    with patch.object(archive_writer, "ArchiveWriter", writer):
        report = land_dataset(load_settings(), dataset, "benchmark")
    if report.refused:
        raise SystemExit(f"{dataset}: a delivery was refused: {report.refused}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The process that is measured: it lands one dataset, as a task of the daily run does.

`python -m benchmarks.land DATASET [--not-kept]`
"""

import sys
from typing import Any

from oic_assurance.batches import archive
from oic_assurance.landing.land import land_dataset
from oic_assurance.settings import load_settings


class _NotKept(archive.ArchiveWriter):
    """Keeps nothing: what the same load costs without its evidence."""

    def __init__(self, *_: Any) -> None:
        self.kept_as = ""
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return ""

    def write_header(self, header: dict[str, Any]) -> None:
        pass

    def write(self, chunk: bytes) -> None:
        pass

    def finish(self) -> None:
        pass

    def discard(self) -> None:
        pass


def main(dataset: str, *options: str) -> None:
    """Land the dataset."""
    if "--not-kept" in options:
        archive.ArchiveWriter = _NotKept  # type: ignore[misc]
    report = land_dataset(load_settings(), dataset, "benchmark")
    if report.refused:
        raise SystemExit(f"refused: {report.refused}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A decompression bomb (a small file that unpacks to a huge one) is refused with little memory."""

from pathlib import Path

import pytest

from tests.commands import python
from tests.files.catalogue import BY_NAME
from tests.unit.sources.files.org_units import MEGABYTE

#: The memory limit: enough for an interpreter, its imports and a reader, but far too little to
#: unpack a bomb.
ADDRESS_SPACE = 900 * MEGABYTE
BOMBS = (
    "cells in opposite corners of a sheet",
    "a workbook that claims to unpack to 600 MB",
    "a sheet of 140 MB",
    "a decompression bomb that claims to be small",
    "a sheet of millions of cells",
    "millions of shared texts",
    "a list of sheets of 9 MB",
)


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bombs")
    paths = {name: folder / f"{number}.xlsx" for number, name in enumerate(BOMBS)}
    for name, path in paths.items():
        path.write_bytes(BY_NAME[name].content())
    return paths


READ = """
import resource, sys
from pathlib import Path
from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.tabular import read_tables

resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
path = Path(sys.argv[1])
with path.open("rb") as stream:
    try:
        read_tables(Content(stream, path.stat().st_size, ""), dataset("hydra/attendance"))
    except DeliveryRefused as error:
        print(error)
"""


@pytest.mark.slow
def test_bombs_are_refused_in_little_memory(bombs: dict[str, Path]) -> None:
    for name, path in bombs.items():
        done = python("-c", READ, str(path), str(ADDRESS_SPACE))
        assert done.stdout.strip() == BY_NAME[name].refused, (name, done.stderr[-500:])

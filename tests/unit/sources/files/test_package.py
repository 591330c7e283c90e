"""Files that would fill the memory or never end: each is read, or refused, within bounds."""

import io
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.rows import TOTAL_LINES
from oic_assurance.sources.files.tabular import read_tables
from tests.files import text_cases
from tests.files.case import HYDRA
from tests.files.catalogue import BY_NAME
from tests.files.workbooks import SESSIONS_PART, TEXTS_PART, both, repacked

HEADER = b"org_unit_code,org_unit_name,parent_org_unit_code,kind\n"
MEGABYTE = 1024 * 1024
#: Address space for an interpreter, its imports and a reader; a bomb would need far more.
ROOM = 900 * MEGABYTE


def count(data: bytes) -> tuple[int, int]:
    """Return how many rows a file of org units has, and how many of them are broken."""
    [reading] = read_tables(Content(io.BytesIO(data), len(data), ""), dataset("hr/org_unit"))
    rows = broken = 0
    for row in reading.rows:
        rows += 1
        broken += row[1] is not None
    return rows, broken


def repeated(line: bytes, size: int) -> bytes:
    return HEADER + line * (size // len(line))


def test_a_quote_that_is_never_closed_costs_one_row_of_a_long_file() -> None:
    line = b"T1,Team,F,TEAM\n"
    data = HEADER + b'T0,"Team,F,TEAM\n' + line * 500_000
    assert count(data) == (500_001, 1)


@pytest.mark.slow
def test_a_quote_that_is_never_closed_in_200_megabytes() -> None:
    line = b"T1,Team of many words and a name,F,TEAM\n"
    data = HEADER + b'T0,"Team,F,TEAM\n' + line * (200 * MEGABYTE // len(line))
    assert count(data) == (200 * MEGABYTE // len(line) + 1, 1)


@pytest.mark.parametrize(
    "line",
    [
        b'T1,"Team,F,TEAM\n',  # the next line's quote closes it, and text follows
        b'T1,Team "A",F,TEAM\n',  # no quote at all, by the rules
        b'"T1","Te""am",F,TEAM\n',
        b"Total" + b" " * 500 + b",F,TEAM\n",  # like a line of totals, but for its end
        b"   " * 200 + b"count\n",
        b" \t,;" * 50 + b"\n",
    ],
)
def test_no_line_costs_more_than_its_length(line: bytes) -> None:
    data = repeated(line, MEGABYTE)
    rows, _ = count(data)
    lines = data.count(b"\n") - 1
    assert rows == 0 or lines - TOTAL_LINES <= rows <= lines


def test_quotes_that_open_in_every_line_are_given_up_on() -> None:
    with pytest.raises(DeliveryRefused, match="too many of its quotes are not closed"):
        count(repeated(b'x""","Team\n', MEGABYTE))


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(DeliveryRefused, match="a line is longer than"):
        count(repeated(b"x", 50 * MEGABYTE))


SCRAPS = (
    b"<v>", b"</v>", b"<c>", b"</row>", b"-1", b"9" * 20, b"NaN", b"\xff", b"\0", b'"', b"\r",
    b"\n", b",", b";", b' t="e"', b' t="d"', b' r="ZZZ9999999"', b'<mergeCell ref="A1:C3"/>',
    b"&#0;", b"1e400", b"UTF-16", b"\xef\xbb\xbf", b"",
)  # fmt: skip
WHOLE = both()
PARTS = (SESSIONS_PART, TEXTS_PART, "xl/workbook.xml", "xl/_rels/workbook.xml.rels")


@given(st.data())
@settings(max_examples=150, deadline=None, database=None)
def test_a_file_that_is_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    def damaged(content: bytes) -> bytes:
        for _ in range(data.draw(st.integers(1, 3))):
            place = data.draw(st.integers(0, len(content)))
            rest = place + data.draw(st.integers(0, 12))
            content = content[:place] + data.draw(st.sampled_from(SCRAPS)) + content[rest:]
        return content

    name, content = data.draw(
        st.one_of(
            st.sampled_from(PARTS).map(lambda part: (HYDRA, repacked({part: damaged}, WHOLE))),
            st.builds(lambda: (HYDRA, damaged(WHOLE))),
            st.sampled_from([case for case in text_cases.CASES if case.content()]).map(
                lambda case: (case.dataset, damaged(case.content()))
            ),
        )
    )
    with suppress(DeliveryRefused):
        for reading in read_tables(Content(io.BytesIO(content), len(content), ""), dataset(name)):
            assert all(len(row) == 3 + len(reading.table.columns) for row in reading.rows)


BOMBS = (
    "cells in opposite corners of a sheet",
    "a workbook that says it unpacks to 600 MB",
    "a sheet of 140 MB",
    "a bomb that says it is small",
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
from oic_assurance.sources.files.rows import TOTAL_LINES
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
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path), str(ROOM)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.strip() == BY_NAME[name].refused, (name, done.stderr[-500:])

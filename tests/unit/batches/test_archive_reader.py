"""Archived batches are read again with their row numbers. A damaged file is an error."""

import gzip
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oic_assurance.batches.archive_reader import (
    ArchivedBatch,
    UnreadableError,
    number_around_gaps,
    open_archived,
    open_unpacked,
)
from oic_assurance.batches.archive_store import archived_file
from oic_assurance.batches.archive_writer import Archive
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.sources.files.rows import Row
from tests.unit.batches.support import content

DAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def damaged(settings: Settings, archive: Archive) -> Path:
    """An archived file that lacks its last bytes."""
    path = settings.home / archive.store(content(b"x" * 1000), "personnel_20260101.csv", 9)
    path.write_bytes(path.read_bytes()[:-10])
    return path


def batch(**values: object) -> ArchivedBatch:
    fields = {
        "batch_id": 7,
        "run_id": "run 1",
        "dataset": "hr/personnel",
        "kind": "file",
        "source_place": "personnel_20260101.csv",
        "delivered_for": DAY,
        "landed_at": DAY,
        "row_count": 3,
        "rows_new": 3,
        "rows_rejected": 0,
        "notes": None,
        "archived_as": "batches/hr/personnel/00000007-personnel_20260101.csv.gz",
        "sha256": "abc",
    }
    return ArchivedBatch(**{**fields, **values})  # type: ignore[arg-type]


def test_a_damaged_file_gives_one_clear_line(settings: Settings, damaged: Path) -> None:
    archived_as = str(damaged.relative_to(settings.home))
    with (
        pytest.raises(AssuranceError, match=r"The archived batch .* cannot be read"),
        open_archived(settings, archived_as),
    ):
        pass


def test_a_stream_of_a_damaged_or_missing_file_is_unreadable(
    settings: Settings, damaged: Path
) -> None:
    file = archived_file(settings, str(damaged.relative_to(settings.home)))
    with (
        pytest.raises(UnreadableError, match="cannot be decompressed"),
        open_unpacked(file) as s,
    ):
        s.read()
    damaged.unlink()
    with pytest.raises(UnreadableError, match="is missing"), open_unpacked(file):
        pass


def extract(settings: Settings, content: bytes) -> str:
    path = settings.home / "batches/rms/x/00000007-x.copy.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(content))
    return str(path.relative_to(settings.home))


def test_the_first_line_of_an_extract_is_its_header_and_not_its_content(
    settings: Settings,
) -> None:
    name = extract(settings, b'# {"columns": ["a"], "copy_format": "text"}\n1\n')
    with open_archived(settings, name) as found:
        assert found.header == {"columns": ["a"], "copy_format": "text"}
        assert (found.stream.read(), found.size_bytes) == (b"1\n", 2)
        assert found.sha256 == hashlib.sha256(b"1\n").hexdigest()
        assert b"".join(found.chunks()) == b"1\n", "it can be read again"


@pytest.mark.parametrize("line", [b"", b"1\t2\n", b"# no JSON\n", b"# {}\n", b'{"columns": []}\n'])
def test_any_other_first_line_is_unreadable(settings: Settings, line: bytes) -> None:
    name = extract(settings, line)
    with (
        pytest.raises(UnreadableError, match="is not the header of an extract"),
        open_archived(settings, name),
    ):
        pass


@pytest.mark.parametrize(
    ("gaps", "numbers"),
    [(set(), [1, 2, 3]), ({1}, [2, 3, 4]), ({2, 3}, [1, 4, 5]), ({9}, [1, 2, 3])],
)
def test_rows_keep_their_numbers_around_gaps(gaps: set[int], numbers: list[int]) -> None:
    rows: list[Row] = [[0, text] for text in "abc"]
    assert [row[0] for row in number_around_gaps(rows, gaps)] == numbers

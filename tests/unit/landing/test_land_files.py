"""A file that was landed before is recognised and not landed again.

The file is recognised by its bytes or, if it is not read, by its size and times.
"""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from oic_assurance.batches.archive_writer import CLOCK_SKEW
from oic_assurance.landing.land_files import _EarlierFile, _looks_unchanged
from oic_assurance.sources.files.dropped import Content, DroppedFile

DAY = datetime(2026, 1, 5, tzinfo=UTC)
LANDED_AT = DAY + timedelta(hours=6)
FILE = DroppedFile("people.csv", "hr/people.csv", 100, DAY, DAY, DAY)
EARLIER = _EarlierFile("people.csv", DAY, 7, "abc", "landed", "declared", 100, DAY, LANDED_AT)
REFUSED = replace(EARLIER, status="refused")


def content(sha256: str = "abc") -> Content:
    return Content(io.BytesIO(), 0, sha256)


def test_a_landed_file_with_the_same_bytes_needs_no_landing() -> None:
    assert EARLIER.is_same(content(), "declared anew")
    assert not EARLIER.is_same(content("def"), "declared")


def test_a_refused_file_is_landed_again_after_a_change_of_the_declaration() -> None:
    assert REFUSED.is_same(content(), "declared")
    assert not REFUSED.is_same(content(), "declared anew")


def test_a_landed_file_with_the_same_size_and_times_is_not_read() -> None:
    assert _looks_unchanged(EARLIER, FILE, is_local=True)
    assert _looks_unchanged(EARLIER, FILE, is_local=False)


@pytest.mark.parametrize(
    "file",
    [replace(FILE, size_bytes=101), replace(FILE, modified_at=DAY + timedelta(seconds=1))],
    ids=["size", "modification time"],
)
def test_another_size_or_time_is_read(file: DroppedFile) -> None:
    assert not _looks_unchanged(EARLIER, file, is_local=True)
    assert not _looks_unchanged(EARLIER, file, is_local=False)


def test_a_refused_file_is_always_read() -> None:
    assert not _looks_unchanged(REFUSED, FILE, is_local=True)


@pytest.mark.parametrize(
    ("changed_at", "is_unchanged"),
    [
        (LANDED_AT - CLOCK_SKEW - timedelta(seconds=1), True),
        (LANDED_AT - CLOCK_SKEW, False),
        (LANDED_AT, False),
        (None, False),
    ],
)
def test_a_local_file_must_have_changed_before_the_landing(
    changed_at: datetime | None, is_unchanged: bool
) -> None:
    file = replace(FILE, changed_at=changed_at)
    assert _looks_unchanged(EARLIER, file, is_local=True) is is_unchanged
    assert _looks_unchanged(EARLIER, file, is_local=False)

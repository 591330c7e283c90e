"""The binary COPY streams of one batch become one stream, whatever the size of their chunks."""

import pytest

from oic_assurance.landing.archived_extracts import SEAM, join_binary_streams

STREAM = b"start" + SEAM + b"middle" + SEAM + b"end"


@pytest.mark.parametrize("size", [1, 2, 7, len(SEAM), len(STREAM)])
def test_streams_are_joined_whatever_the_size_of_the_chunks(size: int) -> None:
    chunks = [STREAM[place : place + size] for place in range(0, len(STREAM), size)]
    assert b"".join(join_binary_streams(chunks)) == b"startmiddleend"


def test_a_single_stream_stays_the_same() -> None:
    assert b"".join(join_binary_streams([b"one ", b"stream"])) == b"one stream"


def test_no_chunks_give_no_bytes() -> None:
    assert b"".join(join_binary_streams([])) == b""

"""COPY out of PostgreSQL at the speed of libpq, in pieces of a size that others can work with.

PostgreSQL sends a message a row. To take each of them through psycopg's own loop costs more than
all else that is done here, so what libpq has received already is taken from it directly.
"""

import select
from collections.abc import Iterator

import psycopg
from psycopg import errors, pq

CHUNK_BYTES = 256 * 1024
#: How long a source may be silent in the middle of a stream. A query that reads much before its
#: first row is silent too.
SILENT_SECONDS = 1800


def copied_out(connection: psycopg.Connection, statement: bytes) -> Iterator[bytes]:
    """Run `copy … to stdout` in the connection's transaction and give what it writes.

    Raises `psycopg.Error` as `execute` does, and `OperationalError` after a long silence.
    """
    libpq = connection.pgconn
    begun = libpq.exec_(statement)
    if begun.status != pq.ExecStatus.COPY_OUT:
        raise errors.error_from_result(begun)
    pieces: list[memoryview] = []
    size = 0
    for piece in _messages(libpq):
        pieces.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(pieces)
            pieces.clear()
            size = 0
    if pieces:
        yield b"".join(pieces)
    while ended := libpq.get_result():
        if ended.status != pq.ExecStatus.COMMAND_OK:
            raise errors.error_from_result(ended)


def _messages(libpq: pq.abc.PGconn) -> Iterator[memoryview]:
    take = libpq.get_copy_data
    waiting = select.poll()
    waiting.register(libpq.socket, select.POLLIN)
    while True:
        size, message = take(1)
        if size > 0:
            yield message
        elif size < 0:
            return
        else:
            if not waiting.poll(SILENT_SECONDS * 1000):
                raise psycopg.OperationalError(
                    f"the source has sent nothing for {SILENT_SECONDS // 60} minutes"
                )
            libpq.consume_input()

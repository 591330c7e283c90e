"""Stream the output of COPY at the speed of libpq, PostgreSQL's client library.

PostgreSQL sends one message for each row. psycopg's loop over these messages would take more time
than the rest of the extraction. So this module takes the received messages directly from libpq, and
joins them into chunks.
"""

import select
from collections.abc import Iterator

import psycopg
from psycopg import errors, pq

CHUNK_BYTES = 256 * 1024
#: For how many seconds a source may send nothing during a stream. The limit is long, because a
#: query can read many rows before it returns the first row.
READ_TIMEOUT_SECONDS = 1800


def stream_copy(connection: psycopg.Connection, statement: bytes) -> Iterator[bytes]:
    """Run `copy … to stdout` in the transaction of the connection, and yield its output.

    Raises:
        psycopg.Error: The statement fails, as with `execute`.
        psycopg.OperationalError: The source sends nothing for `READ_TIMEOUT_SECONDS`.
    """
    libpq = connection.pgconn
    # `exec_` would wait inside libpq, where no time limit and no signal ends the wait.
    libpq.send_query(statement)
    while libpq.flush():
        _wait(libpq, select.POLLIN | select.POLLOUT)
    while libpq.is_busy():
        _wait(libpq)
    begun = libpq.get_result()
    if begun is None or begun.status != pq.ExecStatus.COPY_OUT:
        raise errors.error_from_result(begun) if begun else psycopg.OperationalError("no answer")
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
    while True:
        size, message = take(1)
        if size > 0:
            yield message
        elif size < 0:
            return
        else:
            _wait(libpq)


def _wait(libpq: pq.abc.PGconn, events: int = select.POLLIN) -> None:
    """Wait until the source has sent something and take it, or until it takes more."""
    waiting = select.poll()
    waiting.register(libpq.socket, events)
    ready = waiting.poll(READ_TIMEOUT_SECONDS * 1000)
    if not ready:
        raise psycopg.OperationalError(
            f"the source has sent nothing for {READ_TIMEOUT_SECONDS // 60} minutes"
        )
    if any(event & ~select.POLLOUT for _, event in ready):
        libpq.consume_input()

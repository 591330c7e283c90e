"""The locks of the warehouse: which code takes each lock, and what the lock protects.

A lock is exclusive or shared. While one process holds it exclusively, no other process can hold it.
Several processes can hold it shared at the same time.

- `MIGRATIONS`: `warehouse/migrate.py` holds it while it applies migrations. One process at a time
  migrates.
- `KNOWN_BATCHES`: `builds/record.py` takes it in the transaction that opens a build.
  `operations/replay` takes it shared in the transaction that lands a replay. So a new build sees a
  replayed batch completely or not at all.
- `CANDIDATE`: `builds/candidate.py` holds it while a stage builds the candidate, and holds it
  shared while a stage audits the candidate. So the candidate belongs to one build and does not
  change during an audit.
- `RECOMPUTE`: `builds/recompute.py` holds it while an earlier build is computed again. One process
  at a time uses the schemas with the prefix `reproduce_`.
- `PUBLISHING`: `publishing/publication.py` holds it for a publication or a roll-back.
  `publishing/retention.py` holds it while it detaches or drops generations. It protects the choice
  of the current publication and the partitions of the published tables.
- `NOTIFICATIONS`: `notifications/notify.py` holds it while it sends messages, so that no message is
  sent twice.
- `dataset_lock()`: `landing`, `operations/replay`, `operations/erase` and `operations/verify` hold
  it while they work on one dataset of one force. It protects the raw tables, the quarantine and the
  archive of this dataset.
  `batches/archive_writer.py` tries to take it shared, to see whether another force is landing
  the dataset.

These locks are PostgreSQL's advisory locks. A lock that a session holds ends with `release` or with
the session, so a killed process holds no lock. A lock that a transaction holds ends with the
transaction. A process waits for a lock no longer than the `lock_timeout` of its session.

Two other locks are files, because they must also work while no server runs:

- `platform/process_lock.py`: one `assurance run`, one scheduler and one Superset server at a time
  for each state folder.
- `warehouse/embedded.py`: one process at a time starts or stops the embedded server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.warehouse.rows import one_value


@dataclass(frozen=True)
class Lock:
    """A lock of the warehouse. Every process uses the same name for it."""

    name: str


MIGRATIONS = Lock("migrations")
KNOWN_BATCHES = Lock("known batches")
CANDIDATE = Lock("candidate")
RECOMPUTE = Lock("recompute")
PUBLISHING = Lock("publishing")
NOTIFICATIONS = Lock("notifications")


def dataset_lock(force_code: str, dataset: str) -> Lock:
    """Return the lock of one dataset of one force."""
    return Lock(f"landing {force_code} {dataset}")


def take(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> None:
    """Wait for a lock and hold it until `release` or the end of the session.

    Raises:
        psycopg.errors.LockNotAvailable: The session's `lock_timeout` has passed.
    """
    _call(connection, "pg_advisory_lock", lock, shared=shared)


def try_take(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> bool:
    """Take a lock for the session, unless another session holds it. Return whether it was taken."""
    return bool(_call(connection, "pg_try_advisory_lock", lock, shared=shared))


def release(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> None:
    """Release a lock that the session holds.

    A broken connection has already ended the session and its locks, so then nothing is done.
    """
    if not connection.broken:
        _call(connection, "pg_advisory_unlock", lock, shared=shared)


@contextmanager
def held(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> Iterator[None]:
    """Wait for a lock and hold it until the end of the block."""
    take(connection, lock, shared=shared)
    try:
        yield
    finally:
        release(connection, lock, shared=shared)


def take_in_transaction(
    connection: psycopg.Connection, lock: Lock, *, shared: bool = False
) -> None:
    """Wait for a lock and hold it until the end of the transaction.

    Raises:
        psycopg.errors.LockNotAvailable: The session's `lock_timeout` has passed.
    """
    _call(connection, "pg_advisory_xact_lock", lock, shared=shared)


def try_in_transaction(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> bool:
    """Take a lock for the transaction, unless another session holds it.

    Return whether the lock was taken.
    """
    return bool(_call(connection, "pg_try_advisory_xact_lock", lock, shared=shared))


def _call(connection: psycopg.Connection, function: str, lock: Lock, *, shared: bool) -> object:
    """Call a PostgreSQL function for advisory locks on a lock, and return the function's result."""
    name = f"{function}_shared" if shared else function
    query = sql.SQL("select {}(hashtextextended(%s, 0))").format(sql.Identifier(name))
    result: object = one_value(connection, query, (lock.name,))
    return result

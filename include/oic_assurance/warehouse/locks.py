"""Every lock in the warehouse by its name: who takes it, and what it protects.

- `MIGRATIONS`: `warehouse/migrate.py` holds it while it applies files. One process migrates at a
  time.
- `KNOWN_BATCHES`: `builds/record.py` takes it in the transaction that opens a build, and
  `operations/replay` takes it shared in the transaction that lands a replay. A new build sees a
  replayed batch completely or not at all.
- `CANDIDATE`: `builds/candidate.py` holds it for a stage that builds, and shared for a stage that
  audits. The candidate belongs to one build and does not change during an audit.
- `RECOMPUTE`: `builds/recompute.py` holds it while an earlier build is computed again. One process
  at a time uses the schemas with the prefix `reproduce_`.
- `PUBLISHING`: `publishing/publication.py` holds it for a publication or roll-back, and
  `publishing/retention.py` while it detaches or drops generations. It protects the choice of the
  current publication and the partitions of the published tables.
- `NOTIFICATIONS`: `notifications/notify.py` holds it while it sends. No message is sent twice.
- `dataset_lock()`: `landing`, `operations/replay`, `operations/erase` and `operations/verify` hold
  it for one attempt. It protects raw, quarantine and archive of one dataset of one force.
  `batches/archive.py` tries it, shared, to see whether another force lands the dataset now.

All of them are PostgreSQL advisory locks. A lock of a session ends with `release` or with the
session, so a process that is killed holds nothing. A lock of a transaction ends with that
transaction. A waiting process obeys the session's `lock_timeout`.

Two locks are files, because they also work while no server runs: `platform/process_lock.py` (one
`assurance run`, one scheduler and one Superset server for each home) and `warehouse/embedded.py`
(one process starts or stops the embedded server).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.warehouse.rows import one_value


@dataclass(frozen=True)
class Lock:
    """A lock that every process of a warehouse knows by the same name."""

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
    """Take a lock for the session if it is free now; return whether it was."""
    return bool(_call(connection, "pg_try_advisory_lock", lock, shared=shared))


def release(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> None:
    """Release a session's lock. A broken connection has lost its locks already."""
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
    """Take a lock for the transaction if it is free now; return whether it was."""
    return bool(_call(connection, "pg_try_advisory_xact_lock", lock, shared=shared))


def _call(connection: psycopg.Connection, function: str, lock: Lock, *, shared: bool) -> object:
    """Call one of PostgreSQL's functions for advisory locks with a lock's key."""
    name = f"{function}_shared" if shared else function
    query = sql.SQL("select {}(hashtextextended(%s, 0))").format(sql.Identifier(name))
    result: object = one_value(connection, query, (lock.name,))
    return result

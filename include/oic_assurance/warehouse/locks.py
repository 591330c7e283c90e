"""The locks of the warehouse: which code takes each lock, and what the lock protects.

A lock is exclusive or shared. While one process holds it exclusively, no other process can hold it.
Several processes can hold it shared at the same time.

- `KNOWN_BATCHES`: `builds/record.py` takes it in the transaction that opens a build.
  `operations/replay` takes it shared in the transaction that lands a replay. So a new build sees a
  replayed batch completely or not at all. `operations/backup/record.py` takes it in the transaction
  that records a drill, for the same reason.
- `CANDIDATE`: `builds/candidate.py` holds it while a stage builds the candidate, and holds it
  shared while a stage audits the candidate. So the candidate belongs to one build and does not
  change during an audit.
- `RECOMPUTE`: `builds/recompute.py` holds it while an earlier build is computed again. One process
  at a time uses the schemas with the prefix `reproduce_` or `development_`.
- `PUBLISHING`: `publishing/publication.py` holds it during a publication or a roll-back.
  `publishing/retention.py` holds it while it detaches or drops generations. The lock protects the
  choice of the current publication and the partitions of the published tables.
- `REKEY`: `operations/pseudonyms` holds it while it re-keys, so that only one process at a time
  re-keys.
- `PSEUDONYMS`: `operations/pseudonyms` takes it in the transaction that begins a re-keying.
  `builds/runs.py` and `landing/pseudonyms.py` take it shared in the transactions that open a run or
  make pseudonyms. So each of these transactions either sees that a re-keying has begun or finishes
  before the re-keying begins.
- `NOTIFICATIONS`: `notifications/notify.py` holds it while it sends messages, so that no message is
  sent twice.
- `DAILY_RUN`: `builds/runs.py` holds it during `assurance run`, and waits for it before any other
  run is opened. So only one process at a time makes a run, on whichever host it is.
- `DRILL`: `operations/backup/drill.py` holds it while it restores a back-up, so that only one
  process at a time uses the scratch place.
- `UPKEEP`: `operations/upkeep` holds it while it does a part of the upkeep, so that only one
  process at a time does upkeep.
- `dataset_lock()`: `landing`, `operations/replay`, `operations/erase` and `operations/verify` hold
  it while they work on one dataset of one force. It protects the dataset's raw tables, quarantine
  and archive. `batches/archive_writer.py` tries to take it shared, to see whether another force is
  landing the dataset.

These locks are rows in tables of schema `locks`, which only the stages can access. `locks.taker`
lists the locks that each stage may take. So a reader cannot take any.

A session lock is a row in `locks.holder` with the session's pid and start time. It is valid as long
as the session exists, so a killed process holds no lock. A session lock needs no open transaction,
so it never keeps the server from cleaning up old rows. A transaction lock is a row lock in
`locks.lock`, and ends with the transaction. A process waits for a lock no longer than the
`lock_timeout` of its session.

`MIGRATIONS` must work before these tables exist, so it is an advisory lock. While
`warehouse/migrate.py` holds it, no other process applies migrations. Only the owner of the
warehouse may call the functions for advisory locks (`warehouse/hardening`).

Two other locks are files of a state folder. They must also work while no server is running, and
they protect only what is on this host:

- `warehouse/process_lock.py`: one `assurance run`, one scheduler and one Superset server at a time
  for each state folder. They use its logs, dbt's files and the ports of this host.
- `warehouse/embedded.py`: one process at a time starts or stops the embedded server.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.pq import TransactionStatus

from oic_assurance.warehouse.rows import one_value

#: How long a process that waits for a session lock sleeps before it tries again.
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Lock:
    """A lock of the warehouse. Every process knows it by the same name."""

    name: str


MIGRATIONS = Lock("migrations")
KNOWN_BATCHES = Lock("known batches")
CANDIDATE = Lock("candidate")
RECOMPUTE = Lock("recompute")
DAILY_RUN = Lock("daily run")
PUBLISHING = Lock("publishing")
PSEUDONYMS = Lock("pseudonyms")
REKEY = Lock("rekey")
NOTIFICATIONS = Lock("notifications")
DRILL = Lock("drill")
UPKEEP = Lock("upkeep")


def dataset_lock(force_code: str, dataset: str) -> Lock:
    """Return the lock of one dataset of one force."""
    return Lock(f"landing {force_code} {dataset}")


def take(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> None:
    """Wait for a lock and hold it until `release` or the end of the session.

    Raises:
        psycopg.errors.LockNotAvailable: The session's `lock_timeout` has passed.
        psycopg.errors.InsufficientPrivilege: The login may not take this lock.
        psycopg.errors.ActiveSqlTransaction: The connection does not commit each statement by
            itself, so other sessions would not see the lock.
    """
    if lock == MIGRATIONS:
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (lock.name,))
        return
    deadline: float | None = None
    while not _try_take(connection, lock, shared=shared):
        if deadline is None:
            patience = _patience_seconds(connection)
            deadline = time.monotonic() + patience if patience else float("inf")
        if time.monotonic() > deadline:
            raise psycopg.errors.LockNotAvailable(f"another session holds the lock '{lock.name}'")
        time.sleep(_PAUSE_SECONDS)


def try_take(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> bool:
    """Take a lock for the session, unless another session holds it. Return whether it was taken.

    Raises the same errors as `take`, except `LockNotAvailable`, because it does not wait.
    """
    if _try_take(connection, lock, shared=shared):
        return True
    # If two sessions try at the same moment, both attempts can fail. So each tries once more.
    time.sleep(_PAUSE_SECONDS)
    return _try_take(connection, lock, shared=shared)


def release(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> None:
    """Release a lock that the session holds.

    Does nothing if the connection is broken, because the session and its locks have then ended. A
    connection that has not been used since its server died is found to be broken only here. An
    error would then replace the one that the user must read.
    """
    if connection.broken:
        return
    try:
        if lock == MIGRATIONS:
            connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (lock.name,))
        else:
            connection.execute("select locks.release(%s, %s)", (lock.name, shared))
    except psycopg.OperationalError:
        if not connection.broken:
            raise


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
        psycopg.errors.InsufficientPrivilege: The login may not take this lock.
    """
    connection.execute("select locks.take_in_transaction(%s, %s)", (lock.name, shared))


def try_in_transaction(connection: psycopg.Connection, lock: Lock, *, shared: bool = False) -> bool:
    """Take a lock for the transaction, unless another session holds it.

    Return whether the lock was taken.
    """
    query = "select locks.try_in_transaction(%s, %s)"
    return bool(one_value(connection, query, (lock.name, shared)))


def _try_take(connection: psycopg.Connection, lock: Lock, *, shared: bool) -> bool:
    if not connection.autocommit or connection.info.transaction_status != TransactionStatus.IDLE:
        raise psycopg.errors.ActiveSqlTransaction(
            f"the lock '{lock.name}' is a session lock and cannot be taken in a transaction"
        )
    query = "select locks.try_take(%s, %s)"
    return bool(one_value(connection, query, (lock.name, shared)))


def _patience_seconds(connection: psycopg.Connection) -> float:
    """Return the session's `lock_timeout` in seconds, or 0 if it waits without limit."""
    query = "select extract(epoch from current_setting('lock_timeout')::interval)"
    return float(one_value(connection, query))

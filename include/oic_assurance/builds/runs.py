"""The record of runs: when each was opened, why it failed, and what it published."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg

from oic_assurance.builds.version import code_version
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import (
    DAILY_RUN,
    PSEUDONYMS,
    held,
    take_in_transaction,
)
from oic_assurance.warehouse.rows import find_record

ROLE = "oic_transform"
LONGEST_MESSAGE = 600
#: How long to wait for the lock of the run. The session of a killed process needs a moment to end.
_PATIENCE = "5s"
#: Set while this process holds the lock of the run.
_HOLDS_LOCK = threading.Event()
SELECT: LiteralString = """
    select run_id, as_at, started_at, finished_at, outcome, message, publication_id
    from audit.run
"""


@dataclass(frozen=True)
class Run:
    """One run of the daily pipeline and its outcome.

    `outcome` is `running`, `published`, `blocked` or `failed`. `message` says why the run made no
    publication. `publication_id` is the publication that the run made.
    """

    run_id: str
    as_at: datetime
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    message: str | None
    publication_id: int | None


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Hold the lock of the run during the block, so that no other host makes a run.

    Raises:
        ServerError: Another process makes a run with `assurance run`.
    """
    with _lock_of_run(settings):
        _HOLDS_LOCK.set()
        try:
            yield
        finally:
            _HOLDS_LOCK.clear()


@contextmanager
def _lock_of_run(settings: Settings) -> Iterator[None]:
    with ExitStack() as stack:
        warehouse = stack.enter_context(connect(settings, role=ROLE, autocommit=True))
        warehouse.execute("select set_config('lock_timeout', %s, false)", (_PATIENCE,))
        try:
            stack.enter_context(held(warehouse, DAILY_RUN))
        except psycopg.errors.LockNotAvailable as error:
            raise ServerError(
                "Another `assurance run` is making a run on this warehouse, perhaps on another "
                "host: wait until it has ended."
            ) from error
        yield


def open_run(
    settings: Settings,
    run_id: str,
    as_at: datetime,
    started_by: str | None = None,
    *,
    makes_current: bool = False,
) -> None:
    """Record the start of a run, and close any other open run as interrupted.

    `started_by` is the login of the person who started the run, or None for the schedule. With
    `makes_current`, its publication becomes current even if it is for an earlier moment.

    Only one run is active at a time, so another open run must have been interrupted. If this run is
    already recorded, its record is reset.

    Raises:
        ServerError: Another process makes a run with `assurance run`.
    """
    if not _HOLDS_LOCK.is_set():
        with _lock_of_run(settings):
            pass
    close_interrupted(settings, but=run_id)
    with connect(settings, role=ROLE) as warehouse:
        # With this lock, a re-keying of the pseudonyms begins either before the run is recorded or
        # afterwards. If it begins before, the run fails. If it begins afterwards, the re-keying is
        # refused.
        take_in_transaction(warehouse, PSEUDONYMS, shared=True)
        warehouse.execute(
            """
            insert into audit.run (run_id, as_at, code_version, started_by, makes_current)
            values (%s, %s, %s, %s, %s)
            on conflict (run_id) do update set
                as_at = excluded.as_at, code_version = excluded.code_version,
                started_by = excluded.started_by, makes_current = excluded.makes_current,
                outcome = 'running', finished_at = null, message = null, publication_id = null
            """,
            (run_id, as_at, code_version(settings), started_by, makes_current),
        )


def resume(
    settings: Settings, run_id: str, build_id: int | None = None, *, beside: bool = False
) -> None:
    """Record that a run is under way again, if its record says that it has ended.

    In Airflow, a person can clear tasks of a run that has ended. Without this, the record of such a
    run would still say how it ended the first time: a run that had published would count as
    published however the repetition ends, and nobody would be told that its build waits for a
    decision. With `build_id`, nothing changes if this build is published already, because then the
    repetition publishes nothing else.

    With `beside`, another task may run at the same time as this one, and may have blocked the run.
    So a run that is blocked and has not ended stays blocked. Without it, the task that had blocked
    the run was cleared too, or has succeeded since.
    """
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            """
            update audit.run
            set outcome = 'running', finished_at = null, message = null, publication_id = null
            where run_id = %s
                and (
                    finished_at is not null
                    or outcome = 'published'
                    or (outcome = 'blocked' and not %s)
                )
                and not exists (
                    select from marts.publication as made where made.publication_id = %s
                )
            """,
            (run_id, beside, build_id),
        )


def close_interrupted(settings: Settings, but: str | None = None) -> None:
    """Record every open run as ended, except the run `but`: as failed, unless it is blocked."""
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            """
            update audit.run
            set outcome = case outcome when 'running' then 'failed' else outcome end,
                finished_at = clock_timestamp(),
                message = coalesce(message, 'interrupted before its end')
            where finished_at is null and run_id is distinct from %s
            """,
            (but,),
        )


def note_failure(
    settings: Settings, run_id: str, message: str, *, blocked: bool, beside: bool = False
) -> None:
    """Store why a run failed. If `blocked` is true, also set the run's outcome to `blocked`.

    If the failed stage is repeated and succeeds, the run's publication clears the reason. With
    `beside`, another task may run at the same time as the failed one. If it has blocked the run,
    its reason stays, because a failure that blocks nothing may be gone after a retry. Each line of
    the reason is shortened to `LONGEST_MESSAGE` characters.
    """
    lines = (" ".join(line.split())[:LONGEST_MESSAGE] for line in message.splitlines())
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            """
            update audit.run
            set message = %s, outcome = case when %s then 'blocked' else outcome end
            where run_id = %s
                and outcome <> 'published'
                and (outcome <> 'blocked' or not %s)
            """,
            ("\n".join(lines), blocked, run_id, beside and not blocked),
        )


def close_run(settings: Settings, run_id: str) -> Run:
    """Close a run, and return its record. If its outcome is still `running`, it becomes `failed`.

    Raises:
        AssuranceError: There is no such run.
    """
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            """
            update audit.run
            set outcome = case outcome when 'running' then 'failed' else outcome end,
                message = case
                    when outcome <> 'published'
                    then coalesce(message, 'no stage got as far as a publication')
                end,
                finished_at = coalesce(finished_at, clock_timestamp())
            where run_id = %s
            """,
            (run_id,),
        )
    run = find_run(settings, run_id)
    if run is None:
        raise AssuranceError(f"There is no run {run_id}.")
    return run


def find_run(settings: Settings, run_id: str) -> Run | None:
    """Return a run by its ID, or None."""
    return _one(settings, "where run_id = %s", (run_id,))


def last_run(settings: Settings) -> Run | None:
    """Return the run that was started last, or None if there has been no run."""
    return _one(settings, "order by started_at desc limit 1", ())


def _one(settings: Settings, which: LiteralString, parameters: tuple[str, ...]) -> Run | None:
    with connect(settings, role=ROLE) as warehouse:
        return find_record(warehouse, Run, SELECT + which, parameters)

"""Read what is so now. Everything that shows or tells a problem reads it here."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

from oic_assurance.clock import utc_now
from oic_assurance.commands import as_typed, command_as_typed
from oic_assurance.errors import AssuranceError, ServerError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.state.apply import ROLE, problem_kinds
from oic_assurance.warehouse.connections import connect, person, reason
from oic_assurance.warehouse.rows import all_records

DEADLINE = "ASSURANCE_RUN_DEADLINE"
DEFAULT_DEADLINE = "07:30"
Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Problem:
    """Something that is wrong now, described for the person who has to act on it."""

    problem_code: str
    #: What it is about: `daily run`, a dataset, a connection, a part of the upkeep, and so on.
    subject: str
    since: datetime
    severity: Severity
    #: The publication that readers see while the problem exists, and what it shows as unknown.
    readers_see: str
    #: The command with which to start, as a person types it where this process runs.
    what_to_do: str
    #: Who must fix the problem.
    who: str
    title: str
    what: str
    #: The keys of some records that are wrong. They are kept no longer than the records.
    examples: str | None = None

    @property
    def cause(self) -> str:
        """What is wrong, as `cause_of` returns it."""
        return cause_of(self.what)

    @property
    def for_many(self) -> str:
        """What is wrong as a sentence, if it may be shown where many people see it."""
        told = self.severity == "critical" or problem_kinds()[self.problem_code].get(
            "what_for_readers"
        )
        return f"{self.what[:1].upper()}{self.what[1:].rstrip('.')}." if told else ""


def cause_of(what: str) -> str:
    """Return the description of a problem with `#` in place of each number.

    If only a number in the description has changed, nobody is notified again.
    """
    return re.sub(r"\d+", "#", what)


@contextmanager
def state_session(settings: Settings, now: datetime | None = None) -> Iterator[psycopg.Connection]:
    """Yield a session that reads the views of state, as at `now`. Its rows are dictionaries.

    The settings of this process that decide what is a problem are recorded first, if they differ
    from those on record.

    Raises:
        ServerError: The warehouse cannot be reached.
        UsageError: ASSURANCE_RUN_DEADLINE is not a time of day.
    """
    try:
        with connect(settings, role=ROLE) as warehouse:
            if person() is None:
                _note_settings(warehouse, settings)
            if now is not None:
                moment = now.isoformat()
                warehouse.execute("select set_config('assurance.now', %s, false)", (moment,))
            yield warehouse
    except psycopg.OperationalError as error:
        raise ServerError(f"The warehouse does not answer any more: {reason(error)}.") from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise AssuranceError(
            "The views of schema state are not those of this code: `assurance db start` makes them."
        ) from error


def rows(warehouse: psycopg.Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries, with the columns in their order."""
    with warehouse.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def open_problems(settings: Settings, now: datetime | None = None) -> list[Problem]:
    """Return the problems that exist at the moment `now`, the most important kinds first.

    Raises:
        ServerError: The warehouse cannot be reached: see `no_server`.
        UsageError: ASSURANCE_RUN_DEADLINE is not a time of day.
    """
    with state_session(settings, now) as warehouse:
        return find_problems(warehouse)


def find_problems(warehouse: psycopg.Connection) -> list[Problem]:
    """Return the problems that exist. `warehouse` is a session of `state_session`."""
    found = all_records(
        warehouse,
        Problem,
        "select problem_code, subject, since, severity, readers_see, what_to_do, who, title, what, "
        "examples from state.problem order by place, subject",
    )
    return [replace(one, what_to_do=_to_type(one.what_to_do)) for one in found]


def no_server(error: ServerError, since: datetime | None = None) -> Problem:
    """Return the problem that the warehouse does not answer. Only this one is in no view."""
    kind = problem_kinds()["server"]
    return Problem(
        "server",
        "warehouse",
        since or utc_now(),
        kind["severity"],
        "nothing: the warehouse does not answer",
        _to_type(kind["command"]),
        kind["who"],
        kind["title"],
        error.message,
    )


def run_deadline(environment: Mapping[str, str] | None = None) -> time:
    """Return the time of day, in London, by which the daily run should have published.

    It is read from the environment variables of the process, or from those given.

    Raises:
        UsageError: ASSURANCE_RUN_DEADLINE is not a time of day.
    """
    given = (os.environ if environment is None else environment).get(DEADLINE, "").strip()
    try:
        return time.fromisoformat(given or DEFAULT_DEADLINE).replace(tzinfo=None)
    except ValueError as error:
        raise UsageError(f"{DEADLINE}: '{given}' is not a time of day such as 07:30.") from error


def _to_type(what_to_do: str) -> str:
    """Return what to do, which is a command or a sentence with commands, for who reads it here."""
    is_command = what_to_do.startswith("assurance ")
    return command_as_typed(what_to_do) if is_command else as_typed(what_to_do)


def _note_settings(warehouse: psycopg.Connection, settings: Settings) -> None:
    exports = settings.kind == "force" and bool(settings.national_dropzone)
    wanted = {
        "force_code": settings.force_code,
        "run_deadline": f"{run_deadline():%H:%M}",
        "approve_warnings": "yes" if settings.approve_warnings else "no",
        "exports_nationally": "yes" if exports else "no",
        "approval_hours": f"{settings.approval_hours:g}",
        "reporting_forces": settings.reporting_forces,
    }
    known: dict[str, str] = dict(
        warehouse.execute("select name, value from audit.setting").fetchall()
    )
    if known != wanted:
        with warehouse.cursor() as cursor:
            cursor.executemany(
                "insert into audit.setting (name, value) values (%s, %s) "
                "on conflict (name) do update set value = excluded.value",
                list(wanted.items()),
            )
        warehouse.commit()

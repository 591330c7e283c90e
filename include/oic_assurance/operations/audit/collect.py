"""Record in the log of processing what readers consulted, as found in the server's own log.

The server logs each statement of a reader's login (`warehouse/reader_statements.py`). A reader
cannot switch this off. The server's log consists of files of JSON lines. This module reads the new
lines, and makes one entry for each reader session and kind of statement. Statements that differ
only in their values are of one kind. The entry says who read which marts, when and from where, and
contains the statement without its values. The values are stored only as keyed hashes, so that
consultations of a known record can be found.

- The embedded server writes its log into the state folder. Files that the server has finished and
  whose lines are recorded are deleted, because they hold the statements with their values.
- For another server, `ASSURANCE_SERVER_LOG` names the folder with its log. That server must write
  its log as JSON (`log_destination = 'jsonlog'`), and somebody else must delete old files. Without
  the setting nothing is collected, and the result says so.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.audit.statements import Statement, read_statement
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import server_log_dir
from oic_assurance.warehouse.connections import (
    OFFICE,
    READERS,
    SUPERVISOR,
    connect,
    on_embedded_server,
)
from oic_assurance.warehouse.embedded import rotate_log
from oic_assurance.warehouse.processing_log import mart_mark, seal_with, value_marks
from oic_assurance.warehouse.reader_statements import logins_not_logged
from oic_assurance.warehouse.roles import AUDITOR

VARIABLE = "ASSURANCE_SERVER_LOG"
#: Of a longer line, only this many bytes are read, because readers can make their statements as
#: long as they like.
LONGEST_LINE = 1024 * 1024
#: The highest number of values for which one entry holds keyed hashes. Further values get further
#: entries.
MOST_VALUES = 1_000
#: The highest number of kinds of statement that get their own entry in one session. The others
#: share one entry.
MOST_KINDS = 200
#: The highest number of sessions of one login at one address that get their own entries, for each
#: file of the server's log. The further ones share the entries of one, because a reader can connect
#: as often as it likes, and the log of processing is never shortened.
MOST_SESSIONS = 200
#: Statements of at most this many characters are read once if they are repeated.
LONGEST_REMEMBERED = 10_000
MOST_BYTES = 64 * 1024 * 1024
_STATEMENT = re.compile(r"(?:statement|execute [^:]*|fastpath function call): (.*)", re.DOTALL)
_HARMLESS = re.compile(
    r"\s*(?:begin|start|commit|end|rollback|savepoint|release|set|reset|show|discard|deallocate|"
    r"close|fetch|move|listen|unlisten)\b[^;]*;?\s*",
    re.IGNORECASE,
)
# Finds the relations and functions in schemas that readers may use.
_MARTS = """
select distinct c.relname::text
from pg_catalog.pg_class as c inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    c.relkind in ('r', 'p', 'v', 'm')
    and n.nspname !~ '^pg_|^information_schema$'
    and exists (
        select from pg_catalog.pg_roles as reader
        where
            reader.rolname::text = any(%(readers)s)
            and has_schema_privilege(reader.oid, n.oid, 'USAGE')
    )
union
select p.proname::text
from pg_catalog.pg_proc as p inner join pg_catalog.pg_namespace as n on p.pronamespace = n.oid
where
    n.nspname !~ '^pg_|^information_schema$'
    and exists (
        select from pg_catalog.pg_roles as reader
        where
            reader.rolname::text = any(%(readers)s)
            and has_schema_privilege(reader.oid, n.oid, 'USAGE')
            and has_function_privilege(reader.oid, p.oid, 'EXECUTE')
    )
"""


# Dashboards ask the same questions again and again.
_read_again = lru_cache(maxsize=256)(read_statement)


@dataclass
class Collected:
    """The result of a collection."""

    #: The folder with the server's log. If the folder is unknown, this is None and nothing is
    #: collected.
    folder: str | None = None
    lines: int = 0
    statements: int = 0
    entries: int = 0
    deleted_files: int = 0
    #: What was not collected, one sentence for each reason.
    notes: list[str] = field(default_factory=list)


@dataclass
class _Kind:
    """The statements of one session that differ only in their values."""

    statement: Statement
    first: datetime
    last: datetime
    count: int = 0
    is_cut: bool = False
    values: dict[str, None] = field(default_factory=dict)


@dataclass
class _Session:
    """A session of a reader, as the server's log shows it."""

    login: str
    address: str
    port: int
    pid: int
    program: str
    #: How many sessions this is: more than one if it stands for further ones (`MOST_SESSIONS`).
    number: int = 1
    kinds: dict[str, _Kind] = field(default_factory=dict)
    #: The statements that name no mart, and those of further kinds when the session already has
    #: `MOST_KINDS` kinds.
    others: _Kind | None = None


def collect(settings: Settings) -> Collected:
    """Record the new lines of the server's log in the log of processing, and seal the entries.

    The progress in the server's log and the entries are committed together, so no line is recorded
    twice or lost.

    Raises:
        UsageError: `ASSURANCE_SERVER_LOG` is not a folder.
        AssuranceError: The log cannot be read.
        ServerError: The warehouse cannot be reached.
    """
    done = Collected()
    is_embedded = on_embedded_server(settings)
    folder = server_log_dir(settings) if is_embedded else _given_folder()
    if folder is None:
        done.notes.append(
            "The statements of readers are not collected: the warehouse is on another server, and "
            f"{VARIABLE} names no folder with its log."
        )
        return done
    done.folder = str(folder)
    current = rotate_log(settings) if is_embedded else None
    with connect(settings, role=AUDITOR, autocommit=True) as connection:
        finished = []
        for path in sorted(folder.glob("*.json")):
            if _enter_file(settings, connection, path, done):
                finished.append(path)
        if is_embedded and current is not None:
            _delete(connection, [path for path in finished if path.name < current.name], done)
        seal_with(connection)
        done.notes += [
            f"The server does not log the statements of '{login}' (docs/how-to/audit-log.md)."
            for login in logins_not_logged(connection)
        ]
    return done


def _given_folder() -> Path | None:
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise UsageError(f"{VARIABLE}: '{given}' is not a folder: create it or unset the variable.")
    return folder


def _enter_file(
    settings: Settings, connection: psycopg.Connection, path: Path, done: Collected
) -> bool:
    """Record the complete new lines of a file. Return whether the whole file is now recorded."""
    with connection.transaction():
        # This lock lets only one collector work at a time. Only a role that may change the table
        # can take it.
        connection.execute("lock table audit.collected_server_log in share row exclusive mode")
        row = connection.execute(
            "select bytes from audit.collected_server_log where file_name = %s", (path.name,)
        ).fetchone()
        start = int(row[0]) if row else 0
        try:
            lines, end, is_all = _new_lines(path, start)
        except FileNotFoundError:
            return False  # another collector has just deleted it
        except OSError as error:
            raise AssuranceError(f"{path} cannot be read: {error.strerror}.") from error
        marts = frozenset(name for (name,) in connection.execute(_MARTS, {"readers": _readers()}))
        read = _sessions(connection.info.dbname, lines, marts, done)
        for session in read:
            _enter_session(settings, connection, session, done)
        connection.execute(
            """
            insert into audit.collected_server_log (file_name, bytes) values (%s, %s)
            on conflict (file_name) do update
            set bytes = excluded.bytes, collected_at = clock_timestamp()
            """,
            (path.name, end),
        )
    return is_all


def _readers() -> list[str]:
    return [*READERS.values(), SUPERVISOR, OFFICE]


def _new_lines(path: Path, start: int) -> tuple[list[bytes], int, bool]:
    """Return the complete lines after byte `start`, their end, and whether the file ends there.

    Of a line that is too long, only its beginning is returned.
    """
    lines: list[bytes] = []
    end = start
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(start)
        while end - start < MOST_BYTES:
            line = rest = file.readline(LONGEST_LINE)
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST_LINE)
            if not rest:
                break
            lines.append(line)
            end = file.tell()
    return lines, end, end >= size


def _parsed(line: bytes) -> dict[str, Any]:
    """Parse a line as JSON. A line that was cut off, because it was too long, is first completed.

    Raises:
        ValueError: The line is not JSON.
    """
    if line.endswith(b"\n"):
        entry: dict[str, Any] = json.loads(line)
        return entry
    text = line.decode("utf-8", errors="ignore")
    # The line may be cut inside an escape sequence, which has at most six characters.
    for length in range(len(text), len(text) - 7, -1):
        with suppress(ValueError):
            entry = json.loads(text[:length] + '"}')
            return {"backend_type": "client backend", **entry}
    raise ValueError("not JSON")


def _sessions(
    database: str, lines: Iterable[bytes], marts: frozenset[str], done: Collected
) -> list[_Session]:
    sessions = _Sessions()
    for line, number in zip(lines, range(1, 1 << 62), strict=False):
        done.lines += 1
        try:
            entry = _parsed(line)
            said = _statement(entry) if entry.get("dbname") == database else None
            if said is None:
                continue
            _count(sessions.of(entry), said, _moment(entry["timestamp"]), marts)
        except (ValueError, KeyError, TypeError, AttributeError):
            done.notes.append(f"Line {number} of what is new in the server's log is not readable.")
            continue
        done.statements += 1
    return sessions.all


class _Sessions:
    """The sessions in a file of the server's log."""

    def __init__(self) -> None:
        self.all: list[_Session] = []
        self._known: dict[str, _Session] = {}
        self._own: Counter[tuple[str, str]] = Counter()
        self._further: dict[tuple[str, str], _Session] = {}

    def of(self, entry: dict[str, Any]) -> _Session:
        """Return the session that has written a line of the log."""
        name = str(entry["session_id"])
        if name not in self._known:
            self._known[name] = self._new(_session(entry))
        return self._known[name]

    def _new(self, session: _Session) -> _Session:
        who = session.login, session.address
        self._own[who] += 1
        if self._own[who] <= MOST_SESSIONS:
            self.all.append(session)
            return session
        shared = self._further.get(who)
        if shared is None:
            # The further sessions may be of different programs.
            session.program = ""
            self._further[who] = session
            self.all.append(session)
            return session
        shared.number += 1
        return shared


def _statement(entry: dict[str, Any]) -> tuple[str, str] | None:
    """Return the statement in a line of the log and its parameters, or None."""
    if entry.get("error_severity") != "LOG" or entry.get("backend_type") != "client backend":
        return None
    match = _STATEMENT.fullmatch(str(entry.get("message", "")))
    if match is None or _HARMLESS.fullmatch(match.group(1)):
        return None
    detail = str(entry.get("detail") or "")
    if detail.startswith("prepare: "):
        # An SQL `execute` names only the prepared statement. The detail of the line shows its text.
        return f"{match.group(1)} {detail.removeprefix('prepare: ')}", ""
    return match.group(1), detail


def _session(entry: dict[str, Any]) -> _Session:
    return _Session(
        str(entry["user"]),
        str(entry.get("remote_host") or ""),
        int(entry.get("remote_port") or 0),
        int(entry["pid"]),
        re.sub(r"[^\w .:/@-]", "?", str(entry.get("application_name") or ""))[:64],
    )


def _moment(text: str) -> datetime:
    """Parse a time in the server's log, such as "2026-07-09 05:30:01.123 UTC"."""
    value, _, zone = text.rpartition(" ")
    if zone not in ("UTC", "GMT"):
        raise ValueError("log_timezone of the server is not UTC")
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _count(session: _Session, said: tuple[str, str], at: datetime, marts: frozenset[str]) -> None:
    is_short = sum(map(len, said)) <= LONGEST_REMEMBERED
    statement = (_read_again if is_short else read_statement)(*said, marts)
    kind = session.kinds.get(statement.shape)
    if kind is None and statement.marts and len(session.kinds) < MOST_KINDS:
        kind = session.kinds[statement.shape] = _Kind(statement, at, at)
    if kind is None:
        if session.others is None:
            session.others = _Kind(Statement("", (), ()), at, at)
        kind = session.others
        seen = dict.fromkeys((*kind.statement.marts, *statement.marts))
        kind.statement = Statement("", tuple(sorted(seen)), ())
    kind.count += 1
    kind.last = max(kind.last, at)
    kind.is_cut = kind.is_cut or statement.is_cut
    kind.values |= dict.fromkeys(statement.values)


def _enter_session(
    settings: Settings, connection: psycopg.Connection, session: _Session, done: Collected
) -> None:
    for kind in _kinds(session):
        named = ", ".join(kind.statement.marts) or "no mart by name"
        program = f" with '{session.program}'" if session.program else ""
        often = f"{kind.count} statements" if kind.count > 1 else "1 statement"
        until = f" until {kind.last:%H:%M:%S}" if kind.count > 1 else ""
        sessions = f" in {session.number} sessions" if session.number > 1 else ""
        cut = ", with a statement that is too long to be read to its end" if kind.is_cut else ""
        what = f"{often}{until}{sessions}{program}, {named}{cut}"
        if kind.statement.shape:
            what += f": {kind.statement.shape}"
        marts = [mart_mark(mart) for mart in kind.statement.marts]
        values = value_marks(settings, kind.values)
        for first in range(0, max(1, len(values)), MOST_VALUES):
            connection.execute(
                "select audit.enter_consultation_of_server_log(%s, %s, %s, %s, %s, %s, %s)",
                (
                    session.login,
                    kind.first,
                    what,
                    [*marts, *values[first : first + MOST_VALUES]],
                    session.address,
                    session.port,
                    session.pid,
                ),
            )
            done.entries += 1


def _kinds(session: _Session) -> Iterator[_Kind]:
    yield from session.kinds.values()
    if session.others is not None:
        yield session.others


def _delete(connection: psycopg.Connection, finished: list[Path], done: Collected) -> None:
    """Delete files that are fully recorded and to which the server no longer writes."""
    for path in finished:
        path.unlink(missing_ok=True)
        # Next to each file, the server creates an empty one for output that is not JSON.
        path.with_suffix(".log").unlink(missing_ok=True)
        done.deleted_files += 1
        connection.execute(
            "delete from audit.collected_server_log where file_name = %s", (path.name,)
        )

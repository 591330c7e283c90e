"""Record in the log of processing what was read, as the server's own log shows it.

The server logs what every login reads in the warehouse, except the stages
(`warehouse/hardening/log.sql`). Nobody but an administrator can switch this off. The server's log
consists of files of JSON lines. This module reads the new lines (`executed.py`), and makes one
entry for each login, address and set of marts in a file. The entry says who read which marts, when,
from where, and by which conditions without their values. The values are stored only as keyed
hashes, so that consultations of a known record can be found. Names that a reader chose, such as an
alias, are left out, because nobody can remove them from the log. A program is named by a hash.

- The embedded server writes its log into the state folder. Files that the server has finished and
  whose lines are recorded are deleted, because they hold the statements with their values.
- For another server, `ASSURANCE_SERVER_LOG` names the folder with its log. That server must write
  its log as JSON (`log_destination = 'jsonlog'`), and somebody else must delete old files. Without
  the setting nothing is collected, and the result says so.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import psycopg

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.audit.executed import (
    LONGEST_LINE,
    LONGEST_RELATION,
    UNKNOWN,
    Names,
    Session,
    Statement,
    line_of,
    relations_in,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import server_log_dir
from oic_assurance.warehouse.connections import PROGRAM, connect, on_embedded_server
from oic_assurance.warehouse.embedded import rotate_log
from oic_assurance.warehouse.hardening.close import logs_plans
from oic_assurance.warehouse.processing_log import (
    mart_mark,
    seal_with,
    value_mark,
    value_marks,
)
from oic_assurance.warehouse.roles import AUDITOR, LOGIN_ROLES

VARIABLE = "ASSURANCE_SERVER_LOG"
#: The names of programs that are entered as they are.
KNOWN_PROGRAMS = (PROGRAM, "psql", "pg_dump")
#: The highest number of values for which one entry holds keyed hashes. Further values get further
#: entries.
MOST_VALUES = 1_000
#: The highest number of sets of marts that get their own entry, for each login at one address. The
#: others share one entry.
MOST_SETS = 200
#: The highest number of kinds of statement that an entry describes, and of characters for them.
MOST_KINDS = 5
LONGEST_KINDS = 1_500
MOST_BYTES = 64 * 1024 * 1024
#: How much of the log one login may write before somebody is told.
MUCH = 32 * 1024 * 1024
# Finds the whole of each partition, and the names of relations and of views.
_RELATIONS = """
select
    n.nspname, c.relname, c.relkind = 'v', whole_schema.nspname, whole.relname
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
left join pg_catalog.pg_inherits as i on c.oid = i.inhrelid and c.relispartition
left join pg_catalog.pg_class as whole on i.inhparent = whole.oid
left join pg_catalog.pg_namespace as whole_schema on whole.relnamespace = whole_schema.oid
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^pg_|^information_schema$'
"""
# Finds all words that the server and the warehouse have given a meaning. No reader can add one.
_KNOWN = """
select word from pg_catalog.pg_get_keywords()
union select name from pg_catalog.pg_settings
union select proname::text from pg_catalog.pg_proc
union select typname::text from pg_catalog.pg_type
union select nspname::text from pg_catalog.pg_namespace
union select relname::text from pg_catalog.pg_class
union select attname::text from pg_catalog.pg_attribute
"""
# Finds the logins that the pipeline's own sessions have: the stages, the owner, and administrators.
_OWN = """
select r.rolname::text
from pg_catalog.pg_roles as r
where r.rolcanlogin
    and (
        r.rolsuper
        or r.rolname = any(%s)
        or r.oid = (select datdba from pg_catalog.pg_database where datname = current_database())
    )
"""


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
class _Reads:
    """The statements of one login at one address that have read the same marts."""

    #: The first of the sessions.
    session: Session
    marts: frozenset[str]
    first: datetime
    last: datetime
    count: int = 0
    is_cut: bool = False
    sessions: set[Session] = field(default_factory=set)
    kinds: dict[str, None] = field(default_factory=dict)
    values: dict[str, None] = field(default_factory=dict)

    def add(self, session: Session, marts: frozenset[str], statement: Statement) -> None:
        self.marts |= marts
        self.last = max(self.last, statement.at)
        self.count += 1
        self.is_cut = self.is_cut or statement.is_cut
        self.sessions.add(session)
        self.kinds[statement.kind] = None
        self.values |= statement.values

    def in_words(self, settings: Settings) -> str:
        """Return what was read and how, in at most some 2,500 characters.

        It contains no value, and no name that a reader chose.
        """
        often = f"{self.count} statements" if self.count > 1 else "1 statement"
        until = f" until {self.last:%H:%M:%S}" if self.count > 1 else ""
        sessions = f" in {len(self.sessions)} sessions" if len(self.sessions) > 1 else ""
        programs = sorted({one.program for one in self.sessions} - {""})
        program = f" with {_program(settings, programs[0])}" if len(programs) == 1 else ""
        named = sorted(self.marts - {UNKNOWN})
        more = f" and {len(named) - 20} others" if len(named) > 20 else ""
        what = ", ".join(named[:20]) + more or "no mart"
        if UNKNOWN in self.marts:
            what = f"{what} and {UNKNOWN}" if named else UNKNOWN
        cut = ", with a statement that is too long to be read to its end" if self.is_cut else ""
        kinds = [kind for kind in self.kinds if kind]
        shown = "; ".join(kinds[:MOST_KINDS])
        if len(shown) > LONGEST_KINDS:
            shown = shown[: LONGEST_KINDS - 1] + "…"
        if len(kinds) > MOST_KINDS:
            shown += f"; and {len(kinds) - MOST_KINDS} other kinds"
        said = f"{often}{until}{sessions}{program}, {what}{cut}"
        return f"{said}: {shown}" if shown else said


def _program(settings: Settings, name: str) -> str:
    """Return how an entry names a program. A client can give itself any name."""
    if name in KNOWN_PROGRAMS:
        return f"'{name}'"
    return f"the program {value_mark(settings, name).removeprefix('value:')[:8]}"


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
            "What is read is not collected: the warehouse is on another server, and "
            f"{VARIABLE} names no folder with its log."
        )
        return done
    done.folder = str(folder)
    current = rotate_log(settings) if is_embedded else None
    with connect(settings, role=AUDITOR, autocommit=True) as connection:
        if not logs_plans(connection):
            done.notes.append(
                "The server logs no plans, so what a statement has read is not known: load "
                "auto_explain, and restart the server (docs/how-to/verify.md#what-is-read)."
            )
        finished, written = [], Counter[str]()
        for path in sorted(folder.glob("*.json")):
            if _enter_file(settings, connection, path, written, done):
                finished.append(path)
        if is_embedded and current is not None:
            _delete(connection, [path for path in finished if path.name < current.name], done)
        seal_with(connection)
    done.notes += [
        f"'{login}' has filled {size // 1024**2:,} MB of the server's log with its statements."
        for login, size in written.items()
        if size > MUCH
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
    settings: Settings,
    connection: psycopg.Connection,
    path: Path,
    written: Counter[str],
    done: Collected,
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
        own = {login for (login,) in connection.execute(_OWN, (list(LOGIN_ROLES),))}
        names = _names(connection)
        sessions = _sessions(connection.info.dbname, lines, own, names.known, written, done)
        for reads in _reads(sessions, names):
            _enter(settings, connection, reads, done)
        connection.execute(
            """
            insert into audit.collected_server_log (file_name, bytes) values (%s, %s)
            on conflict (file_name) do update
            set bytes = excluded.bytes, collected_at = clock_timestamp()
            """,
            (path.name, end),
        )
    return is_all


def _names(connection: psycopg.Connection) -> Names:
    wholes, words, views = {}, {}, {}
    for schema, name, is_view, whole_schema, whole in connection.execute(_RELATIONS):
        if whole is not None:
            wholes[schema, name] = whole_schema, whole
            continue
        shown = name if schema == "marts" else f"{schema}.{name}"
        if schema == "marts" or name not in words:
            words[name] = shown
            # The views in schema `limited` are known by the marts behind them.
            if is_view and schema != "limited":
                views[name] = shown
    known = frozenset(word for (word,) in connection.execute(_KNOWN))
    return Names(wholes, words, views, known)


class _Line(NamedTuple):
    """A line of the log: its beginning, its length, and the relations that it names."""

    head: bytes
    length: int
    relations: set[tuple[str, str]]


def _new_lines(path: Path, start: int) -> tuple[list[_Line], int, bool]:
    """Return the complete lines after byte `start`, their end, and whether the file ends there."""
    lines = []
    end = start
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(start)
        while end - start < MOST_BYTES:
            line = rest = file.readline(LONGEST_LINE)
            relations = relations_in(line)
            while rest and not rest.endswith(b"\n"):
                # The name of a relation may stand across two pieces.
                before = rest[-LONGEST_RELATION:]
                rest = file.readline(LONGEST_LINE)
                relations |= relations_in(before + rest)
            if not rest:
                break
            begin, end = end, file.tell()
            lines.append(_Line(line, end - begin, relations))
    return lines, end, end >= size


def _sessions(
    database: str,
    lines: Iterable[_Line],
    own: set[str],
    known: Set[str],
    written: Counter[str],
    done: Collected,
) -> list[Session]:
    """Return the sessions that are not the pipeline's own, with their statements.

    What each login has written into the log is added to `written`.
    """
    sessions: dict[str, Session] = {}
    for number, (head, length, relations) in enumerate(lines, 1):
        done.lines += 1
        try:
            line = line_of(head)
            if line.get("dbname") != database or line.get("error_severity") != "LOG":
                continue
            if line.get("backend_type") != "client backend":
                continue
            written[str(line["user"])] += length
            name = str(line["session_id"])
            if name not in sessions:
                sessions[name] = Session(line, known)
            done.statements += sessions[name].read(line, relations, LOGIN_ROLES)
        except (ValueError, KeyError, TypeError, AttributeError):
            done.notes.append(f"Line {number} of what is new in the server's log is not readable.")
    return [one for one in sessions.values() if one.login not in own or one.program != PROGRAM]


def _reads(sessions: Iterable[Session], names: Names) -> Iterator[_Reads]:
    """Group the statements by login, address, and the set of marts that they have read."""
    found: dict[tuple[str, str], dict[frozenset[str] | None, _Reads]] = {}
    for session in sessions:
        for statement in session.all_statements():
            marts = statement.marts(names)
            sets = found.setdefault((session.login, session.address), {})
            key = marts if marts in sets or len(sets) < MOST_SETS else None
            if key not in sets:
                sets[key] = _Reads(session, marts, statement.at, statement.at)
            sets[key].add(session, marts, statement)
    for sets in found.values():
        yield from sets.values()


def _enter(
    settings: Settings, connection: psycopg.Connection, reads: _Reads, done: Collected
) -> None:
    session, what = reads.session, reads.in_words(settings)
    marts = [mart_mark(mart) for mart in sorted(reads.marts)]
    values = value_marks(settings, reads.values)
    for first in range(0, max(1, len(values)), MOST_VALUES):
        connection.execute(
            "select audit.enter_consultation_of_server_log(%s, %s, %s, %s, %s, %s, %s)",
            (
                session.login,
                reads.first,
                what,
                [*marts, *values[first : first + MOST_VALUES]],
                session.address,
                session.port,
                session.pid,
            ),
        )
        done.entries += 1


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

"""Ship the head of the log's chain out of the database, and read the heads that were shipped.

A head is the number and the hash of the chain's last link. Somebody who can write to every table of
the database can compute a new chain, but the shipped heads still show what the chain was. So ship
the heads to a place where such a person cannot write: another host.

`ASSURANCE_AUDIT_HEADS` names the places, separated by commas:

- a path: one line of JSON is appended to the file at that path. The default is `audit-heads.jsonl`
  in the state folder.
- `syslog`: this machine's syslog. `syslog://HOST:PORT`: a syslog server, over UDP.
- an address that begins with https://: the line is sent with POST, without a proxy. Redirects are
  not followed.
"""

import json
import logging
import logging.handlers
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.processing_log import seal_with
from oic_assurance.warehouse.roles import AUDITOR
from oic_assurance.warehouse.rows import one_row
from oic_assurance.warehouse.transport import post_json

VARIABLE = "ASSURANCE_AUDIT_HEADS"
FILE = "audit-heads.jsonl"
_SYSLOG_PORT = 514
_LOCAL_SYSLOG = "/dev/log"


@dataclass(frozen=True)
class Head:
    """The last link of the chain at one moment, as it is shipped to a place."""

    shipped_at: datetime
    database: str
    #: The name that the log got when it was created. A log that is created anew gets a new name.
    log_name: str
    chain_no: int
    #: The hash of the link, as 64 hexadecimal digits.
    chain_hash: str
    run_id: str | None = None

    def line(self) -> str:
        """Return the head as one line of JSON."""
        return json.dumps({**asdict(self), "shipped_at": self.shipped_at.isoformat()})


@dataclass
class Shipped:
    """The shipped heads of one database, sorted by number, and notes about their files."""

    heads: list[Head] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """A place outside the database to which heads are shipped.

    `name` is the place in words, without secrets. `ship` ships one line, and raises an OSError if
    the place does not accept it. `path` is the path of a file.
    """

    name: str
    ship: Callable[[str], None] = field(repr=False)
    path: Path | None = None


def _file(path: Path) -> Place:
    def ship(line: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    return Place(str(path), ship, path)


def _syslog(address: str | tuple[str, int], name: str = "syslog") -> Place:
    def ship(line: str) -> None:
        handler = _Strict(address, logging.handlers.SysLogHandler.LOG_AUTH)
        try:
            text = f"oic-assurance: {line}"
            handler.emit(logging.LogRecord("audit", logging.INFO, "", 0, text, None, None))
        finally:
            handler.close()

    return Place(name, ship)


class _Strict(logging.handlers.SysLogHandler):
    """A handler that raises an error instead of writing it to standard error."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of logging
        raise


def places(settings: Settings) -> list[Place]:
    """Return the places to which heads are shipped.

    Raises:
        UsageError: The setting names something that is not a place.
    """
    given = [part.strip() for part in os.environ.get(VARIABLE, "").split(",") if part.strip()]
    if not given:
        return [_file(settings.home / FILE)]
    return [_place(part) for part in given]


def _place(text: str) -> Place:
    if text == "syslog":
        return _syslog(_LOCAL_SYSLOG)
    scheme, mark, _ = text.partition("://")
    if not mark:
        return _file(Path(text).expanduser())
    parts = urlsplit(text)
    try:
        if scheme == "syslog" and parts.hostname:
            address = (parts.hostname, parts.port or _SYSLOG_PORT)
            return _syslog(address, "syslog at {}:{}".format(*address))
        if scheme == "https" and parts.hostname:
            return Place(f"the address at {parts.hostname}", partial(post_json, text))
    except ValueError:
        pass
    raise UsageError(
        f"{VARIABLE}: a place is a path, syslog, syslog://HOST:PORT, or an address that begins "
        "with https://."
    )


def ship(settings: Settings, run_id: str | None = None) -> list[str]:
    """Seal the log and ship its head. Return one line for each place that did not accept the head.

    Raises:
        UsageError: The setting names a place that is not valid.
        AssuranceError: The head of the chain was removed.
        ServerError: The warehouse cannot be reached.
    """
    targets = places(settings)
    with connect(settings, role=AUDITOR, autocommit=True) as connection:
        seal_with(connection)
        number, link = one_row(
            connection,
            "select chain_no, encode(chain_hash, 'hex') from audit.processing_head",
            what="head of the log of processing",
        )
        log = connection.info.dbname, name_of_log(connection)
        head = Head(utc_now(), *log, int(number), str(link), run_id)
    private_folder(settings, settings.home)
    failures = []
    for place in targets:
        try:
            place.ship(head.line())
        except (OSError, ValueError) as error:
            failures.append(f"{place.name}: {_reason(error)}")
    return failures


def name_of_log(connection: psycopg.Connection) -> str:
    """Return the name of this log. If the head of the log is missing, the name is empty."""
    row = connection.execute("select log_name::text from audit.processing_head").fetchone()
    return row[0] if row else ""


def read_heads(settings: Settings, database: str, more: Sequence[str] = ()) -> Shipped:
    """Read the heads of a database from the files in the setting and from the files in `more`.

    A line may begin with other text, such as the prefix that syslog writes.

    Raises:
        AssuranceError: A file in `more` cannot be read.
    """
    shipped = Shipped()
    own = [place.path for place in places(settings) if place.path]
    for path in [*own, *map(Path, more)]:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            if path in own and isinstance(error, FileNotFoundError):
                continue
            raise AssuranceError(f"{path} cannot be read: {error.strerror}.") from error
        for number, line in enumerate(lines, 1):
            head = _head(line)
            if head is None and line.strip():
                shipped.notes.append(f"{path}, line {number}: not a head, so it was left out.")
            elif head is not None and head.database == database:
                shipped.heads.append(head)
    shipped.heads.sort(key=lambda head: (head.chain_no, head.shipped_at))
    if not shipped.heads:
        shipped.notes.append(
            "No shipped head was found to compare with, so a log that was computed anew as a whole "
            "would not be noticed."
        )
    return shipped


def _head(line: str) -> Head | None:
    start = line.find("{")
    try:
        given: Any = json.loads(line[start:]) if start >= 0 else None
        return Head(
            datetime.fromisoformat(given["shipped_at"]),
            str(given["database"]),
            str(given["log_name"]),
            int(given["chain_no"]),
            str(given["chain_hash"]),
            given.get("run_id"),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the host is not known"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__

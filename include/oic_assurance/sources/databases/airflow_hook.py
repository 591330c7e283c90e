"""Source databases that Airflow has a hook for (MySQL, MariaDB, SQL Server, Oracle).

The hook makes the connection; rows come as streams out of one snapshot, a page at a time, and leave
as PostgreSQL's text COPY, so that memory does not grow with the table.

Only `dags/`, `orchestration/` and this module import Airflow. Here it is imported when a dataset
of such a database is landed, and not before: it takes more than a second and a hundred megabytes.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import count
from typing import Any, Literal
from zoneinfo import ZoneInfo

from oic_assurance.errors import SourceUnavailable, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.copy_text import (
    NULL,
    Notes,
    Write,
    gathered,
    lines,
    wall_clock_before,
    writer,
)
from oic_assurance.sources.databases.counted import Counted
from oic_assurance.sources.databases.dialects import DIALECTS, Dialect, plain_type
from oic_assurance.sources.databases.errors import ContractBroken, is_of_a_driver, reason, told
from oic_assurance.sources.databases.source import KeySum, SourceDigest
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset
from oic_assurance.warehouse.airflow_uri import variable_name
from oic_assurance.warehouse.folders import private_folder

ROWS_AT_ONCE = 2_000
#: SQL Server takes 2,100 values a statement, Oracle 1,000 in a list.
KEYS_AT_ONCE = 500
#: How long a server may keep silent before and in the middle of an answer.
SILENCE_SECONDS = 120
_DOCS = "docs/how-to/connect-sources.md"


@dataclass
class Query:
    """One or more statements with their bound values, whose rows are one stream."""

    statements: list[tuple[str, list[Any]]] = field(default_factory=list)
    writers: list[Write] = field(default_factory=list)
    #: The number of the row before the first; None where rows are not numbered.
    after: int | None = None


class AirflowHookTable:
    """One table of a source database in one snapshot, with the methods of `PostgresTable`.

    Its streams are text COPY of `columns`. Unusual values are counted in `notes`.
    """

    copy_format: Literal["binary", "text"] = "text"

    def __init__(self, connection: Any, dialect: Dialect, dataset: Dataset, at: datetime) -> None:
        assert isinstance(dataset.place, DatabasePlace)  # noqa: S101 - for the type checker
        self._connection = connection
        self._dialect = dialect
        self._dataset = dataset
        self._place = dataset.place
        self._table = dataset.tables[0]
        self._name = dialect.quoted(self._place.schema, self._place.table)
        #: No database but PostgreSQL is asked for its counts.
        self.counted: Counted | None = None
        self._taken_at = at
        self._zone = zone_of(self._place)
        self._noted = Notes()
        self._found: dict[str, str] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what a stream of rows holds."""
        return ("row_number", *self._table.names)

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """What was made blank or read with a doubt so far, as counts by column."""
        return self._noted.told()

    # ---------------------------------------------------------------- what the table is like

    def check_columns(self) -> list[str]:
        """Refuse a table with missing or retyped columns; return the names of undeclared ones."""
        spelt = self._dialect.spelt
        place = [spelt(self._place.schema), spelt(self._place.table)]
        statement, values = self._bound(self._dialect.catalogue, place)
        self._found = {str(name): str(kind) for name, kind in self._all(statement, values)}
        name = self._dataset.name
        if not self._found:
            raise ContractBroken(
                f"{name}: there is no table {self._place} in the source that its login may read."
            )
        missing = [column for column in self._table.names if column not in self._found]
        if missing:
            raise ContractBroken(
                f"{name}: {self._place} has no column {', '.join(missing)} that its login may read."
            )
        for column in self._table.columns:
            kind = self._found[column.name]
            if self._dialect.template(column.type, kind) is None:
                raise ContractBroken(
                    f"{name}: {self._place}.{column.name} is {kind}, declared is {column.type}."
                )
        expected = {*self._table.names, *self._place.never_extracted}
        return [column for column in self._found if column not in expected]

    def digest(self, since: datetime | None, keys: KeySum | None = None) -> SourceDigest:
        """Digest the keys and cursor values of all rows, whatever their order.

        They are hashed here: no two databases hash alike. It costs reading the keys, and what was
        changed since a moment. As this hash is not the warehouse's, a sum that has changed is
        never explained by the rows that were read, and the keys are compared one by one. Nothing is
        counted, so the sum is never known before.
        """
        newest: str | None = None
        rows = total = 0
        for line in self._lines(self.all_keys()):
            rows += 1
            total += _hash(line)
            moment = line.rpartition("\t")[2]
            if moment != NULL and (newest is None or moment > newest):
                newest = moment
        return SourceDigest(
            KeySum(rows, total % 2**63),
            datetime.fromisoformat(newest) if newest else None,
            self.window(since) if since else None,
            self._taken_at,
        )

    def window(self, since: datetime) -> str:
        """Digest the content of the rows changed since a moment."""
        query = self.changed_since(since)
        # These rows are not landed: neither their places nor what was coped with counts.
        query.after = None
        query.writers = [self._writer(name, Notes()) for name in self._table.names]
        rows = total = 0
        for line in self._lines(query):
            rows += 1
            total += _hash(line)
        return f"{rows}:{total % 2**63}"

    # ---------------------------------------------------------------- what is read of it

    def keys_at_the_door(self) -> list[str]:
        """Return the keys of the rows whose marking does not admit them, and nothing else."""
        if self._place.door is None:
            return []
        admitted, values = self._admitted()
        marking = self._dialect.quoted(self._place.door.column)
        statement, values = self._bound(
            f"select {self._read(self._table.key[0])} from {self._name}"  # noqa: S608 - own names
            f" where {marking} is null or not ({admitted})",
            values,
        )
        is_number = self._table.column(self._table.key[0]).type in ("bigint", "integer")
        return sorted(
            str(int(key) if is_number else key) for (key,) in self._all(statement, values)
        )

    def changed_since(self, moment: datetime | None) -> Query:
        """Write the query for the rows changed at or after a moment; None means all of them."""
        if moment is None:
            return self._rows([("", [])], after=0)
        zoned = self._is_zoned(self._place.cursor)
        wall = wall_clock_before(moment, UTC if zoned else self._zone)
        compared = self._dialect.moment[0 if zoned else 1]
        condition = f"{self._dialect.quoted(self._place.cursor)} >= {compared}"
        return self._rows([(condition, [wall.isoformat(timespec="microseconds")])], after=0)

    def with_keys(self, keys: Sequence[str], after: int) -> Query:
        """Write the query for the rows with these keys, numbered on after `after`."""
        key = self._table.key[0]
        # A text beside a column of numbers would be compared as an inexact number.
        kind = int if self._table.column(key).type in ("bigint", "integer") else str
        conditions = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = [kind(key) for key in keys[start : start + KEYS_AT_ONCE]]
            marks = ", ".join(["{}"] * len(some))
            conditions.append((f"{self._dialect.quoted(key)} in ({marks})", some))
        return self._rows(conditions, after)

    def all_keys(self) -> Query:
        """Write the query for the key and the cursor value of every row."""
        names = (self._table.key[0], self._place.cursor)
        read = ", ".join(map(self._read, names))
        statement = f"select {read} from {self._name}"  # noqa: S608 - own names
        return Query([(statement, [])], [self._writer(name, Notes()) for name in names])

    def stream(self, query: Query) -> Iterator[bytes]:
        """Run a query and give its rows as text COPY, gathered into larger pieces."""
        return gathered(self._lines(query))

    # ---------------------------------------------------------------- the statements

    def _rows(self, conditions: list[tuple[str, list[Any]]], after: int) -> Query:
        query = Query([], [self._writer(name, self._noted) for name in self._table.names], after)
        read = ", ".join(map(self._read, self._table.names))
        admitted, markings = self._admitted()
        for condition, values in conditions:
            where = " and ".join(filter(None, (condition, admitted)))
            query.statements.append(
                self._bound(
                    f"select {read} from {self._name}"  # noqa: S608 - own names
                    + (f" where {where}" if where else ""),
                    [*values, *markings],
                )
            )
        return query

    def _admitted(self) -> tuple[str, list[str]]:
        """Write the condition under which a row is let in; of one without a marking it is unknown.

        A database may think `Official ` the same as `OFFICIAL`; the declaration does not.
        """
        if self._place.door is None:
            return "", []
        exact = self._dialect.exact
        column = exact.replace("{}", self._dialect.quoted(self._place.door.column))
        marks = ", ".join([exact] * len(self._place.door.admits))
        return f"{column} in ({marks})", list(self._place.door.admits)

    def _read(self, name: str) -> str:
        template = self._dialect.template(self._table.column(name).type, self._found[name])
        return (template or "{}").replace("{}", self._dialect.quoted(name))

    def _writer(self, name: str, notes: Notes) -> Write:
        zone = UTC if self._is_zoned(name) or self._zone is UTC else self._zone
        return writer(name, self._table.column(name).type, zone, notes)

    def _is_zoned(self, name: str) -> bool:
        return plain_type(self._found[name]) in self._dialect.zoned

    def _bound(self, template: str, values: list[Any]) -> tuple[str, list[Any]]:
        """Put the driver's marks for bound values where `{}` stands."""
        numbers = count(1)
        return (
            re.sub(r"\{\}", lambda _: self._dialect.placeholder.format(next(numbers)), template),
            values,
        )

    # ---------------------------------------------------------------- rows

    def _lines(self, query: Query) -> Iterator[str]:
        found = lines(self._pages(query), query.writers)
        if query.after is None:
            return found
        return (f"{number}\t{line}" for number, line in enumerate(found, query.after + 1))

    def _pages(self, query: Query) -> Iterator[Sequence[str | None]]:
        """Give rows as the server sends them: no more than a page of them is held."""
        for statement, values in query.statements:
            with told(self._dataset):
                cursor = _unbuffered(self._connection)
                cursor.arraysize = ROWS_AT_ONCE
                cursor.execute(statement, values)
            while True:
                with told(self._dataset):
                    page = cursor.fetchmany(ROWS_AT_ONCE)
                if not page:
                    break
                yield from page
            with told(self._dataset):
                cursor.close()

    def _all(self, statement: str, values: list[Any]) -> list[Sequence[Any]]:
        return list(self._pages(Query([(statement, values)])))


@contextmanager
def hook_snapshot(settings: Settings, dataset: Dataset, kind: str) -> Iterator[AirflowHookTable]:
    """Give a dataset's table as it is at one moment, read by the hook of a connection's type.

    What is not transactional (MySQL's MyISAM) has no moment: there each statement sees its own.
    """
    place = dataset.place
    assert isinstance(place, DatabasePlace)  # noqa: S101 - for the type checker
    dialect = DIALECTS.get(kind)
    if dialect is None:
        raise UsageError(
            f"{dataset.name}: {variable_name(place.system)} is a connection of type '{kind}', which"
            f" is none of postgres, {', '.join(DIALECTS)}: see {_DOCS}."
        )
    connection = _connect(settings, place, dialect)
    try:
        yield AirflowHookTable(connection, dialect, dataset, _begin(connection, dialect, dataset))
    finally:
        # What is left unread, or a server that has gone, is of no interest any more.
        with suppress(Exception):
            connection.close()


def _begin(connection: Any, dialect: Dialect, dataset: Dataset) -> datetime:
    """Begin the snapshot, and return a moment by the database's clock that is not after it."""
    with told(dataset), closing(connection.cursor()) as cursor:
        cursor.execute(dialect.clock)
        [(now,)] = cursor.fetchall()
        for statement in dialect.session:
            cursor.execute(statement)
    return datetime.fromisoformat(now).replace(tzinfo=UTC)


def _connect(settings: Settings, place: DatabasePlace, dialect: Dialect) -> Any:
    _give_airflow_a_home(settings)
    _limit_silence()
    from airflow.sdk import BaseHook

    at = f"{place.system}: the source database"
    try:
        hook = BaseHook.get_connection(place.system).get_hook()
        said = hook.connection
        said.extra = json.dumps({**dialect.extras, **said.extra_dejson})
        connection = hook.get_conn()
        if dialect.begins_itself:
            hook.set_autocommit(connection, True)
    except Exception as error:  # hooks and drivers have errors of their own
        why = reason(error)
        if is_of_a_driver(error) or isinstance(error, OSError):
            where = f"host {said.host}, port {said.port or 'default'}"
            raise SourceUnavailable(f"{at} cannot be reached ({where}): {why}.") from error
        raise UsageError(
            f"{at} cannot be read by its connection of type {dialect.name}: {why}. Is the package"
            f" for it installed? See {_DOCS}."
        ) from error
    return connection


def _give_airflow_a_home(settings: Settings) -> None:
    """Keep Airflow, where it is not set up yet, from making a folder in the user's home."""
    home = str(private_folder(settings, settings.home / "airflow"))
    os.environ.setdefault("AIRFLOW_HOME", home)
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    os.environ.setdefault("AIRFLOW__USAGE_DATA_COLLECTION__ENABLED", "False")


def _limit_silence() -> None:
    """Let no server that went silent hold a landing up for ever, where the driver can see to it.

    MySQL's takes the limit when it connects, for which Airflow's hook has no word; its own limit
    for connecting ends with the handshake's first byte.
    """
    with suppress(ImportError):
        from mysql.connector.constants import DEFAULT_CONFIGURATION

        DEFAULT_CONFIGURATION["read_timeout"] = SILENCE_SECONDS


def _unbuffered(connection: Any) -> Any:
    """Return a cursor that leaves the rows with the server until they are asked for."""
    if type(connection).__module__.startswith("MySQLdb"):
        from MySQLdb.cursors import SSCursor

        return connection.cursor(SSCursor)
    return connection.cursor()


def zone_of(place: DatabasePlace) -> tzinfo:
    """Return the zone of a source's moments without an offset."""
    return UTC if place.time_zone == "UTC" else ZoneInfo(place.time_zone)


def _hash(line: str) -> int:
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=8).digest())

"""Read source databases through Airflow's hooks (MySQL, MariaDB, SQL Server, Oracle).

The hook opens the connection. Rows are read from one snapshot, a page at a time, and written in the
text format of PostgreSQL's COPY. So a large table needs no more memory than a small one.

Only `dags/`, `platform/airflow/` and this module import Airflow. The import takes more than a
second and uses a hundred megabytes of memory. So this module imports Airflow only when a dataset
from one of these databases is landed.
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
from oic_assurance.sources.databases.change_counts import ChangeCounts
from oic_assurance.sources.databases.copy_text import (
    NULL,
    Notes,
    Write,
    copy_lines,
    in_chunks,
    value_writer,
    wall_clock_before,
)
from oic_assurance.sources.databases.dialects import DIALECTS, Dialect, plain_type
from oic_assurance.sources.databases.errors import (
    ContractBroken,
    is_driver_error,
    reason,
    translated_errors,
)
from oic_assurance.sources.databases.postgres import check_markings, source_type
from oic_assurance.sources.databases.source import KeySum, SourceDigest
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset
from oic_assurance.warehouse.airflow_uri import connection_id, variable_name
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.transport import check_other

ROWS_AT_ONCE = 2_000
#: How many keys are in one statement. It must be fewer than the databases allow: SQL Server allows
#: 2,100 values in a statement, and Oracle 1,000 in a list.
KEYS_AT_ONCE = 500
#: The seconds that a server may stay silent, before an answer or in the middle of one.
READ_TIMEOUT_SECONDS = 120
_DOCS = "docs/how-to/connect-sources.md"


@dataclass
class Query:
    """One or more statements with their bound values.

    The rows of all statements form one stream. `writers` contains, for each column of a row, the
    function that writes a value in the text format of COPY.
    """

    statements: list[tuple[str, list[Any]]] = field(default_factory=list)
    writers: list[Write] = field(default_factory=list)
    #: The first row gets the number `after + 1`. None means that the rows are not numbered.
    after: int | None = None


class AirflowHookTable:
    """One table of a source database in one snapshot. `PostgresTable` documents the methods.

    The streams contain `columns` in the text format of COPY. Unusual values are counted in `notes`.
    """

    copy_format: Literal["binary", "text"] = "text"

    def __init__(self, connection: Any, dialect: Dialect, dataset: Dataset, at: datetime) -> None:
        self._connection = connection
        self._dialect = dialect
        self._dataset = dataset
        self._place = dataset.database
        self._table = dataset.tables[0]
        self._name = dialect.quoted(self._place.schema, self._place.table)
        #: The pipeline uses change counts only from PostgreSQL.
        self.change_counts: ChangeCounts | None = None
        self._taken_at = at
        self._zone = zone_of(self._place)
        self._notes = Notes()
        self._found: dict[str, str] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns in a stream of rows."""
        return ("row_number", *self._table.names)

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """How many unusual values the streams had so far, for each kind of note and column."""
        return self._notes.counts()

    # ---------------------------------------------------------------- columns and digests

    def check_columns(self) -> list[str]:
        """Compare the columns with the declaration, and return the names of undeclared columns.

        Raises:
            ContractBroken: The table or a declared column is missing, or a column has another type.
        """
        spelled = self._dialect.catalogue_name
        place = [spelled(self._place.schema), spelled(self._place.table)]
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
            if self._dialect.template(column.type, kind, presence=column.presence) is None:
                declared = source_type(column)
                raise ContractBroken(
                    f"{name}: {self._place}.{column.name} is {kind}, but {declared} is declared."
                )
        expected = {*self._table.names, *self._place.never_extracted}
        check_markings(self._dataset, self._found, expected)
        return [column for column in self._found if column not in expected]

    def digest(self, since: datetime | None, keys: KeySum | None = None) -> SourceDigest:
        """Return a digest of the keys and cursor values of all rows.

        With `since`, the result also has a digest of the window: the rows changed at or after that
        moment. The order of the rows does not matter.

        The values are hashed here, because no two databases have the same hash function. So this
        method reads every key, and every row of the window.

        This hash differs from the hash that the warehouse computes. So the landed rows can never
        explain a changed sum, and a changed sum always leads to a comparison of all keys.

        `keys` is not used. Without change counts, the sum is never known in advance.
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
        """Return a digest of the content of the rows changed at or after a moment."""
        query = self.changed_since(since)
        # These rows are only hashed and not landed. So they get no row numbers, and their unusual
        # values are not counted.
        query.after = None
        query.writers = [self._writer(name, Notes()) for name in self._table.names]
        rows = total = 0
        for line in self._lines(query):
            rows += 1
            total += _hash(line)
        return f"{rows}:{total % 2**63}"

    # ---------------------------------------------------------------- queries and their streams

    def refused_keys(self) -> list[str]:
        """Return the keys of rows whose protective marking is not admitted. Reads only the keys."""
        if self._place.marking is None:
            return []
        admitted, values = self._admitted()
        marking = self._dialect.quoted(self._place.marking.column)
        statement, values = self._bound(
            f"select {self._read(self._table.key[0])} from {self._name}"  # noqa: S608 - declared names
            f" where {marking} is null or not ({admitted})",
            values,
        )
        is_number = self._table.column(self._table.key[0]).type in ("bigint", "integer")
        return sorted(
            str(int(key) if is_number else key) for (key,) in self._all(statement, values)
        )

    def changed_since(self, moment: datetime | None) -> Query:
        """Return the query for the rows changed at or after `moment`.

        Without a moment, the query reads all rows. If the source stores local times, the query also
        reads the rows of the hour before `moment`, because clocks can go back by an hour.
        """
        if moment is None:
            return self._rows([("", [])], after=0)
        zoned = self._is_zoned(self._place.cursor)
        wall = wall_clock_before(moment, UTC if zoned else self._zone)
        compared = self._dialect.moment[0 if zoned else 1]
        condition = f"{self._dialect.quoted(self._place.cursor)} >= {compared}"
        return self._rows([(condition, [wall.isoformat(timespec="microseconds")])], after=0)

    def with_keys(self, keys: Sequence[str], after: int) -> Query:
        """Return the query for the rows with these keys. Their row numbers start at `after + 1`."""
        key = self._table.key[0]
        # Keys are bound with their type. If a string were compared with a numeric column, the
        # database would compare both as floating-point numbers, which are not exact.
        kind = int if self._table.column(key).type in ("bigint", "integer") else str
        conditions = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = [kind(key) for key in keys[start : start + KEYS_AT_ONCE]]
            marks = ", ".join(["{}"] * len(some))
            conditions.append((f"{self._dialect.quoted(key)} in ({marks})", some))
        return self._rows(conditions, after)

    def all_keys(self) -> Query:
        """Return the query for the key and the cursor value of every row."""
        names = (self._table.key[0], self._place.cursor)
        read = ", ".join(map(self._read, names))
        statement = f"select {read} from {self._name}"  # noqa: S608 - declared names
        return Query([(statement, [])], [self._writer(name, Notes()) for name in names])

    def stream(self, query: Query) -> Iterator[bytes]:
        """Run a query, and yield its rows in the text format of COPY, in chunks.

        Raises:
            SourceUnavailable: The source fails, and another attempt can succeed.
            ContractBroken: The source rejects the query.
        """
        return in_chunks(self._lines(query))

    # ---------------------------------------------------------------- statements

    def _rows(self, conditions: list[tuple[str, list[Any]]], after: int) -> Query:
        query = Query([], [self._writer(name, self._notes) for name in self._table.names], after)
        read = ", ".join(map(self._read, self._table.names))
        admitted, markings = self._admitted()
        for condition, values in conditions:
            where = " and ".join(filter(None, (condition, admitted)))
            query.statements.append(
                self._bound(
                    f"select {read} from {self._name}"  # noqa: S608 - declared names
                    + (f" where {where}" if where else ""),
                    [*values, *markings],
                )
            )
        return query

    def _admitted(self) -> tuple[str, list[str]]:
        """Return the SQL condition for rows with an admitted marking, and the values that it binds.

        If the declaration has no marking rule, the condition is empty. For a row without a marking,
        the condition is null, so the row is not read. The comparison is exact. Without the
        expression `exact` of the dialect, some databases would treat `Official ` as equal to
        `OFFICIAL`.
        """
        if self._place.marking is None:
            return "", []
        exact = self._dialect.exact
        column = exact.replace("{}", self._dialect.quoted(self._place.marking.column))
        marks = ", ".join([exact] * len(self._place.marking.admits))
        return f"{column} in ({marks})", list(self._place.marking.admits)

    def _read(self, name: str) -> str:
        column = self._table.column(name)
        template = self._dialect.template(column.type, self._found[name], presence=column.presence)
        return (template or "{}").replace("{}", self._dialect.quoted(name))

    def _writer(self, name: str, notes: Notes) -> Write:
        zone = UTC if self._is_zoned(name) or self._zone is UTC else self._zone
        return value_writer(name, self._table.column(name).type, zone, notes)

    def _is_zoned(self, name: str) -> bool:
        return plain_type(self._found[name]) in self._dialect.zoned

    def _bound(self, template: str, values: list[Any]) -> tuple[str, list[Any]]:
        """Replace each `{}` with the driver's placeholder.

        Return the statement and the bound values.
        """
        numbers = count(1)
        return (
            re.sub(r"\{\}", lambda _: self._dialect.placeholder.format(next(numbers)), template),
            values,
        )

    # ---------------------------------------------------------------- rows

    def _lines(self, query: Query) -> Iterator[str]:
        found = copy_lines(self._pages(query), query.writers)
        if query.after is None:
            return found
        return (f"{number}\t{line}" for number, line in enumerate(found, query.after + 1))

    def _pages(self, query: Query) -> Iterator[Sequence[str | None]]:
        """Yield the rows of all statements, fetched page by page. At most one page is in memory."""
        for statement, values in query.statements:
            with translated_errors(self._dataset):
                cursor = _unbuffered(self._connection)
                cursor.arraysize = ROWS_AT_ONCE
                cursor.execute(statement, values)
            while True:
                with translated_errors(self._dataset):
                    page = cursor.fetchmany(ROWS_AT_ONCE)
                if not page:
                    break
                yield from page
            with translated_errors(self._dataset):
                cursor.close()

    def _all(self, statement: str, values: list[Any]) -> list[Sequence[Any]]:
        return list(self._pages(Query([(statement, values)])))


@contextmanager
def hook_snapshot(settings: Settings, dataset: Dataset, kind: str) -> Iterator[AirflowHookTable]:
    """Yield the table of a dataset in one snapshot, read through an Airflow hook.

    `kind` is the type of the Airflow connection, which decides the hook. A MySQL table with MyISAM
    storage has no transactions, and therefore no snapshots. Each statement then reads the rows as
    they are when it runs.

    Raises:
        UsageError: There is no reader for the type, or its package is not installed.
        SourceUnavailable: The source cannot be reached.
        ContractBroken: The source does not allow the snapshot.
    """
    place = dataset.database
    dialect = DIALECTS.get(kind)
    if dialect is None:
        raise UsageError(
            f"{dataset.name}: {variable_name(place.system)} is a connection of type '{kind}'. Use"
            f" one of postgres, {', '.join(DIALECTS)}: see {_DOCS}."
        )
    connection = _connect(settings, place, dialect)
    try:
        yield AirflowHookTable(connection, dialect, dataset, _begin(connection, dialect, dataset))
    finally:
        # Now either all rows have been read, or an earlier error is on its way to the caller. So an
        # error while the connection is closed is ignored, for example if the server is lost.
        with suppress(Exception):
            connection.close()


def _begin(connection: Any, dialect: Dialect, dataset: Dataset) -> datetime:
    """Begin the snapshot. Return the database's time just before the snapshot."""
    with translated_errors(dataset), closing(connection.cursor()) as cursor:
        cursor.execute(dialect.clock)
        [(now,)] = cursor.fetchall()
        for statement in dialect.session:
            cursor.execute(statement)
    return datetime.fromisoformat(now).replace(tzinfo=UTC)


def _connect(settings: Settings, place: DatabasePlace, dialect: Dialect) -> Any:
    _set_airflow_home(settings)
    _limit_read_time()
    from airflow.sdk import BaseHook

    at = f"{place.system}: the source database"
    try:
        hook = BaseHook.get_connection(connection_id(place.system)).get_hook()
        airflow = hook.connection
        check_other(variable_name(place.system), dialect.name, airflow.extra_dejson)
        airflow.extra = json.dumps({**dialect.extras, **airflow.extra_dejson})
        connection = hook.get_conn()
        if dialect.begins_itself:
            hook.set_autocommit(connection, True)
    except UsageError:
        raise
    except Exception as error:  # hooks and drivers have their own error classes
        why = reason(error)
        if is_driver_error(error) or isinstance(error, OSError):
            where = f"host {airflow.host}, port {airflow.port or 'default'}"
            raise SourceUnavailable(f"{at} cannot be reached ({where}): {why}.") from error
        raise UsageError(
            f"{at} cannot be read by its connection of type {dialect.name}: {why}. Is the package"
            f" for it installed? See {_DOCS}."
        ) from error
    return connection


def _set_airflow_home(settings: Settings) -> None:
    """Set Airflow's home folder inside the state folder, unless `AIRFLOW_HOME` is set already.

    Without this variable, Airflow would create a folder in the user's home.
    """
    home = str(private_folder(settings, settings.home / "airflow"))
    os.environ.setdefault("AIRFLOW_HOME", home)
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    os.environ.setdefault("AIRFLOW__USAGE_DATA_COLLECTION__ENABLED", "False")


def _limit_read_time() -> None:
    """Set a read timeout for MySQL's driver, so that a silent server cannot block a landing.

    The value is set in the driver's defaults, because Airflow's hook cannot pass it on. The
    driver's connect timeout does not help, because it ends with the first byte of the handshake.
    """
    with suppress(ImportError):
        from mysql.connector.constants import DEFAULT_CONFIGURATION

        DEFAULT_CONFIGURATION["read_timeout"] = READ_TIMEOUT_SECONDS


def _unbuffered(connection: Any) -> Any:
    """Return a cursor that leaves the rows on the server until they are fetched."""
    if type(connection).__module__.startswith("MySQLdb"):
        from MySQLdb.cursors import SSCursor

        return connection.cursor(SSCursor)
    return connection.cursor()


def zone_of(place: DatabasePlace) -> tzinfo:
    """Return the time zone of the source's moments that have no offset."""
    return UTC if place.time_zone == "UTC" else ZoneInfo(place.time_zone)


def _hash(line: str) -> int:
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=8).digest())

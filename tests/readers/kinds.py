"""The kinds of readers. Each imitates a tool: how the tool connects, and its transactions."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.readers.questions import Known, digest

Answer = TypeVar("Answer")
#: The facts about a table that a reader checks: the lowest and the highest publication number in
#: its rows, and the number of rows.
Census = tuple[int | None, int | None, int]
#: The number of rows that a cursor fetches at a time, and the seconds between two fetches.
AT_A_TIME, LOOKS_SECONDS = 500, 0.02
MOST_FAULTS = 20
_POINTER = "select publication_id from marts.publication where is_current"


@dataclass
class Seen:
    """The observations of one reader: what it saw, and how long each statement took."""

    kind: str
    transactions: int = 0
    #: For each statement, its start on the machine's monotonic clock and its duration, in seconds.
    statements: list[tuple[float, float]] = field(default_factory=list)
    publications: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class Reader:
    """A session that reads without pause, and checks every answer."""

    def __init__(self, seen: Seen, connection: Any, known: Known, place: str, seed: int) -> None:
        self.seen = seen
        self.connection = connection
        self.known = known
        #: The driver's placeholder for a parameter.
        self._place = place
        self._chance = random.Random(seed)

    def several(self) -> None:
        """Run several statements in one transaction. All answers must come from one publication."""
        tables = self._chance.sample(sorted(self.known.rows), 3)
        found = {self.pointer()}
        for table in (*tables, tables[0]):
            found |= self.publications_in(self.census([table]))
        for _ in range(2):
            self.question()
        found.add(self.pointer())
        self.connection.commit()
        self.one_of(found, tables)

    def alone(self) -> None:
        """Run single statements, each over several tables.

        Each answer must come from one publication, but two answers can come from different
        publications.
        """
        for _ in range(3):
            tables = self._chance.sample(sorted(self.known.rows), 3)
            self.one_of(self.publications_in(self.census(tables, with_pointer=True)), tables)
            self.question()
        self.connection.commit()

    def long_cursor(self) -> None:
        """Read the largest table in pieces in one transaction, with other statements in between.

        All rows and answers must be from one publication.
        """
        table = max(self.known.rows, key=lambda name: self.known.rows[name])
        found: set[int] = set()
        count = 0
        for rows in self._pieces(f"select publication_id from marts.{table}"):
            count += len(rows)
            found |= {row[0] for row in rows}
            if count % (10 * AT_A_TIME) == 0:
                found.add(self.pointer())
            time.sleep(LOOKS_SECONDS)
        found.add(self.pointer())
        self.connection.commit()
        if count != self.known.rows[table]:
            self.fault(f"{table}: {count} rows, not {self.known.rows[table]}")
        self.one_of(found, [table])

    def census(self, tables: Sequence[str], *, with_pointer: bool = False) -> list[Census]:
        """Count the rows of several tables in one statement, and check the numbers of rows.

        Returns the facts about each table, in the order of the tables. With `with_pointer`, the
        last item has the number of the current publication.
        """
        parts = [
            f"select min(publication_id), max(publication_id), count(*), {number} "
            f"from marts.{table} "
            f"where publication_id > {self._place}"
            for number, table in enumerate(tables)
        ]
        parts += [f"select p, p, 1, 99 from ({_POINTER}) as c (p)"] * with_pointer
        text = " union all ".join(parts) + " order by 4"
        rows = self._timed(lambda: self._rows(text, [0] * len(tables)))
        counted = [row[2] for row in rows[: len(tables)]]
        if counted != [self.known.rows[table] for table in tables]:
            self.fault(f"{', '.join(tables)}: {counted} rows")
        return [(row[0], row[1], row[2]) for row in rows]

    def question(self) -> None:
        """Run a random dashboard query, and check its answer."""
        question = self._chance.choice(self.known.questions)
        cursor = self.connection.cursor()
        rows = self._timed(lambda: cursor.execute(question.text).fetchall())
        if digest([column[0] for column in cursor.description], rows) != question.answer:
            self.fault(f"{question.name}: another answer, {len(rows)} rows")

    def pointer(self) -> int:
        """Return the number of the current publication, or 0 if none or several are current."""
        rows = self._timed(lambda: self._rows(_POINTER, []))
        return int(rows[0][0]) if len(rows) == 1 else 0

    def publications_in(self, counted: Sequence[Census]) -> set[int]:
        """Return the publication numbers in the facts about tables. An empty table has none."""
        return {number for low, high, rows in counted if rows for number in (low or 0, high or 0)}

    def one_of(self, publications: set[int], tables: Sequence[str]) -> None:
        """Count a transaction, and record a fault unless it saw exactly one publication."""
        self.seen.transactions += 1
        if len(publications) == 1 and 0 not in publications:
            self.seen.publications |= publications
        else:
            self.fault(f"{', '.join(tables)}: publications {sorted(publications)}")

    def fault(self, what: str) -> None:
        """Record a fault, unless this reader has already recorded `MOST_FAULTS`."""
        if len(self.seen.faults) < MOST_FAULTS:
            self.seen.faults.append(f"{self.seen.kind}: {what}")

    def _rows(self, text: str, parameters: Sequence[int]) -> list[Any]:
        return list(self.connection.cursor().execute(text, parameters).fetchall())

    def _pieces(self, text: str) -> Iterator[list[Any]]:
        named = isinstance(self.connection, psycopg.Connection)
        cursor = self.connection.cursor(name="long") if named else self.connection.cursor()
        self._timed(lambda: cursor.execute(text))
        while rows := self._timed(lambda: cursor.fetchmany(AT_A_TIME)):
            yield rows
        cursor.close()

    def _timed(self, run: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = run()
        self.seen.statements.append((began, time.monotonic() - began))
        return answer


@dataclass(frozen=True)
class Kind:
    """A kind of reader: how the tool connects, and the transaction that it repeats.

    `place` is the placeholder for a parameter in the tool's driver.
    """

    connect: Callable[[str], Any]
    transaction: Callable[[Reader], None]
    place: str = "%s"


def _prepared(url: str) -> Any:
    return psycopg.connect(url, autocommit=True, prepare_threshold=0)


def _repeatable(url: str) -> Any:
    # BI tools do not set the isolation level, so this reader does not set it either. It thus has
    # the login's default level, which is repeatable read.
    return psycopg.connect(url, prepare_threshold=0)


def _read_committed(url: str) -> Any:
    connection = psycopg.connect(url)
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    return connection


def odbc_text(url: str, **options: str) -> str:
    """Return the connection string for Debian's psqlODBC driver that corresponds to a URL."""
    parts = conninfo_to_dict(url)
    known = {
        "Driver": "{PostgreSQL Unicode}",
        "Server": parts["host"],
        "Port": parts["port"],
        "Database": parts["dbname"],
        "Uid": parts["user"],
        "Pwd": parts["password"],
    }
    return ";".join(f"{name}={value}" for name, value in (known | options).items())


def _odbc(**options: str) -> Callable[[str], Any]:
    def connect(url: str) -> Any:
        # pyodbc is imported here because it needs the driver manager, which is a Debian package.
        import pyodbc

        return pyodbc.connect(odbc_text(url, **options), autocommit=False)

    return connect


#: The kinds that need no ODBC, in the order in which readers get them. After the last kind, the
#: first comes again.
PLAIN_KINDS = {
    "prepared statements": Kind(_prepared, Reader.alone),
    "one transaction, as the login has it": Kind(_repeatable, Reader.several),
    "read committed": Kind(_read_committed, Reader.alone),
    "long cursor": Kind(_repeatable, Reader.long_cursor),
}
ODBC_KINDS = {
    "ODBC, one transaction": Kind(_odbc(BoolsAsChar="0"), Reader.several, "?"),
    "ODBC, long cursor": Kind(
        _odbc(UseDeclareFetch="1", Fetch=str(AT_A_TIME)), Reader.long_cursor, "?"
    ),
}
KINDS = PLAIN_KINDS | ODBC_KINDS

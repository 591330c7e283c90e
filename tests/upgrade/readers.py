"""Readers that read without pause while a warehouse is migrated and a newer code publishes.

The figures of two publications differ, so a reader cannot know the right answer in advance. It
checks that all answers of one transaction are of one publication, and that no table is empty that
was not empty before. A reader names the columns that it reads, as dashboards do.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

#: The seconds between two transactions, so that readers leave processor time to the upgrade.
PAUSE_SECONDS = 0.02
_POINTER = "select publication_id from {schema}.publication where is_current"


@dataclass
class Seen:
    """What one reader has seen."""

    transactions: int = 0
    publications: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    #: How many seconds each statement took.
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Login:
    """How a reader connects, and where it reads."""

    uri: str
    schema: str
    #: Whether the statements of one transaction see one snapshot, as the login is set. Otherwise
    #: each statement is a transaction.
    is_repeatable: bool = True


class _Reader(threading.Thread):
    def __init__(self, login: Login, tables: list[str], end: threading.Event) -> None:
        super().__init__(daemon=True)
        self.seen = Seen()
        self._login, self._tables, self._end = login, tables, end
        self.has_begun = threading.Event()

    def run(self) -> None:
        place, number = 0, len(self._tables)
        try:
            with psycopg.connect(
                self._login.uri, autocommit=not self._login.is_repeatable, prepare_threshold=0
            ) as connection:
                if self._login.is_repeatable:
                    # As each login that a supervisor or the office has been given is set.
                    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                while not self._end.is_set():
                    chosen = [self._tables[(place + step) % number] for step in range(3)]
                    place = (place + 3) % number
                    self._transaction(connection, chosen)
                    self.has_begun.set()
                    time.sleep(PAUSE_SECONDS)
        except psycopg.Error as error:
            self.seen.faults.append(f"{self._login.schema}: {type(error).__name__}: {error}")
            self.has_begun.set()

    def _transaction(self, connection: psycopg.Connection, tables: list[str]) -> None:
        self.seen.transactions += 1
        if not self._login.is_repeatable:
            parts = " union all ".join(self._census(table) for table in tables)
            found = self._timed(connection, parts)
        else:
            found = self._timed(connection, _POINTER.format(schema=self._login.schema))
            found = [(found[0][0], found[0][0], 1)] if len(found) == 1 else [(-1, -1, 0)]
            for table in (*tables, tables[0]):
                found += self._timed(connection, self._census(table))
            connection.commit()
        publications = {number for low, high, _ in found for number in (low, high)}
        if any(rows == 0 for *_, rows in found):
            self.seen.faults.append(f"{self._login.schema}: {tables}: empty, {found}")
        elif len(publications) != 1:
            self.seen.faults.append(f"{self._login.schema}: {tables}: mixed, {found}")
        self.seen.publications |= {number for number in publications if number not in (None, -1)}

    def _census(self, table: str) -> str:
        return (
            "select min(publication_id), max(publication_id), count(*) "
            f"from {self._login.schema}.{table}"
        )

    def _timed(self, connection: psycopg.Connection, text: str) -> list[tuple[int, int, int]]:
        began = time.monotonic()
        rows = connection.execute(text.encode()).fetchall()
        self.seen.seconds.append(time.monotonic() - began)
        return rows


@dataclass
class Crowd:
    """What all readers have seen. It is filled when they have ended."""

    seen: list[Seen] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Every error, every empty answer and every mix of two publications."""
        return [fault for one in self.seen for fault in one.faults]

    @property
    def publications(self) -> set[int]:
        """The publications that any reader saw."""
        return {number for one in self.seen for number in one.publications}

    @property
    def seconds(self) -> list[float]:
        """How long each statement took, the shortest first."""
        return sorted(second for one in self.seen for second in one.seconds)

    def share(self, share: float) -> float:
        """Return the seconds that this share of the statements did not exceed."""
        return self.seconds[int(share * (len(self.seconds) - 1))]

    def line(self) -> str:
        """Return the measurements in one line."""
        return (
            f"{sum(one.transactions for one in self.seen)} transactions, "
            f"{len(self.seconds)} statements, median {self.share(0.5) * 1000:.1f} ms, "
            f"p99 {self.share(0.99) * 1000:.1f} ms, longest {self.seconds[-1] * 1000:.0f} ms, "
            f"{len(self.faults)} faults"
        )


@contextmanager
def reading(logins: list[tuple[Login, list[str]]]) -> Iterator[Crowd]:
    """Read with one reader for each login, until the block ends."""
    end = threading.Event()
    readers = [_Reader(login, tables, end) for login, tables in logins]
    together = Crowd()
    for reader in readers:
        reader.start()
    try:
        for reader in readers:
            assert reader.has_begun.wait(60), "a reader did not begin"
        yield together
    finally:
        end.set()
        for reader in readers:
            reader.join(120)
        together.seen += [reader.seen for reader in readers]

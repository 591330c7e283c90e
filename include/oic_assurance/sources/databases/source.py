"""The interface of every source database, and the sums that show whether a table has changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from oic_assurance.sources.databases.change_counts import ChangeCounts


@dataclass(frozen=True)
class KeySum:
    """The number of rows of a table, and a sum over its rows.

    Each row adds the hash of its key and cursor value to the sum. If two tables have the same
    number of rows and the same sum, they almost certainly contain the same keys with the same
    cursor values.
    """

    rows: int
    total: int

    def __add__(self, other: "KeySum") -> "KeySum":
        """Return the sum of a table after rows were added or removed.

        `other` is the sum of these rows. For removed rows, its two numbers are negative.
        """
        return KeySum(self.rows + other.rows, self.total + other.total)


@dataclass(frozen=True)
class SourceDigest:
    """A short summary of the content of a table in one snapshot."""

    keys: KeySum
    #: The latest cursor value.
    newest: datetime | None
    #: A digest of the content of the recent rows. None if the recent rows were not read.
    window: str | None
    #: The time of the snapshot by the clock of the source.
    taken_at: datetime
    #: Whether the sum of the keys was computed for this digest. False means that the sum was
    #: already known.
    is_added_up: bool = True


class Source(Protocol):
    """A table of a source database in one snapshot.

    A caller gets a query from a method such as `changed_since`, and passes it to `stream`. The type
    of the query depends on the kind of database. `PostgresTable` documents the methods.
    """

    #: The format of the streams: one of the formats of PostgreSQL's COPY.
    copy_format: Literal["binary", "text"]
    #: The server's change counts just before the snapshot. None if the server has no reliable
    #: counts, or if the table is so small that its counts are not used.
    change_counts: ChangeCounts | None

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """How many unusual values the streams had so far, for each kind of note and column."""

    def check_columns(self) -> list[str]: ...  # noqa: D102 - see `PostgresTable`
    def digest(self, since: datetime | None, keys: KeySum | None = None) -> SourceDigest: ...  # noqa: D102
    def window(self, since: datetime) -> str: ...  # noqa: D102
    def refused_keys(self) -> list[str]: ...  # noqa: D102
    def changed_since(self, moment: datetime | None) -> Any: ...  # noqa: D102
    def with_keys(self, keys: Sequence[str], after: int) -> Any: ...  # noqa: D102
    def all_keys(self) -> Any: ...  # noqa: D102
    def stream(self, query: Any) -> Iterator[bytes]: ...  # noqa: D102

"""The interface of every source database, and the sums that show whether a table has changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from oic_assurance.sources.databases.change_counts import ChangeCounts


@dataclass(frozen=True)
class KeySum:
    """The number of rows of a table, and the sum of the hashes of their keys and cursor values.

    Two tables with the same sum hold the same keys at the same cursor values.
    """

    rows: int
    total: int

    def __add__(self, other: "KeySum") -> "KeySum":
        """Return the sum after rows were added, or removed if `other` is negative."""
        return KeySum(self.rows + other.rows, self.total + other.total)


@dataclass(frozen=True)
class SourceDigest:
    """A short summary of the content of a table in one snapshot."""

    keys: KeySum
    #: The latest cursor value.
    newest: datetime | None
    #: A digest of the content of the recent rows. None if they were not read.
    window: str | None
    #: The time of the snapshot by the clock of the source.
    taken_at: datetime
    #: Whether the sum of the keys was computed for this digest. Otherwise it was already known.
    is_added_up: bool = True


class Source(Protocol):
    """A table of a source database in one snapshot.

    Each kind of database has its own type of query. A caller only passes queries to `stream`.
    `PostgresTable` documents the methods.
    """

    #: The format of the streams: one of the formats of PostgreSQL's COPY.
    copy_format: Literal["binary", "text"]
    #: The server's counts of changes just before the snapshot. None if it has no reliable ones.
    change_counts: ChangeCounts | None

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """Unusual values in the streams so far, as counts by note and column."""

    def check_columns(self) -> list[str]: ...  # noqa: D102 - see `PostgresTable`
    def digest(self, since: datetime | None, keys: KeySum | None = None) -> SourceDigest: ...  # noqa: D102
    def window(self, since: datetime) -> str: ...  # noqa: D102
    def refused_keys(self) -> list[str]: ...  # noqa: D102
    def changed_since(self, moment: datetime | None) -> Any: ...  # noqa: D102
    def with_keys(self, keys: Sequence[str], after: int) -> Any: ...  # noqa: D102
    def all_keys(self) -> Any: ...  # noqa: D102
    def stream(self, query: Any) -> Iterator[bytes]: ...  # noqa: D102

"""What every source database offers, and the sums that show whether a table has changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from oic_assurance.sources.databases.counted import Counted


@dataclass(frozen=True)
class KeySum:
    """How many rows a table has, and the sum of the hashes of each one's key and cursor value.

    Two tables with the same sum hold the same keys at the same cursor values.
    """

    rows: int
    total: int

    def __add__(self, other: "KeySum") -> "KeySum":
        """Return the sum after rows came (or went, where counted negative)."""
        return KeySum(self.rows + other.rows, self.total + other.total)


@dataclass(frozen=True)
class SourceDigest:
    """What a table holds, in a few bytes, as one snapshot shows it."""

    keys: KeySum
    #: The latest cursor value.
    newest: datetime | None
    #: Of the content of the rows from a moment on, where they were looked at.
    window: str | None
    taken_at: datetime
    #: Whether the keys were added up for it, or known before.
    is_added_up: bool = True


class Source(Protocol):
    """A table of a source database in one snapshot, whatever the database.

    Queries are the source's own affair: they are handed back to `stream` as they came.
    """

    #: How the streams are written.
    copy_format: Literal["binary", "text"]
    #: What the server had counted of its changes just before the snapshot.
    counted: Counted | None

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """What the streams so far coped with, as counts by column."""

    def check_columns(self) -> list[str]: ...  # noqa: D102 - see `PostgresTable`
    def digest(self, since: datetime | None, keys: KeySum | None = None) -> SourceDigest: ...  # noqa: D102
    def window(self, since: datetime) -> str: ...  # noqa: D102
    def keys_at_the_door(self) -> list[str]: ...  # noqa: D102
    def changed_since(self, moment: datetime | None) -> Any: ...  # noqa: D102
    def with_keys(self, keys: Sequence[str], after: int) -> Any: ...  # noqa: D102
    def all_keys(self) -> Any: ...  # noqa: D102
    def stream(self, query: Any) -> Iterator[bytes]: ...  # noqa: D102

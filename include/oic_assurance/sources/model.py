"""What a declaration says of a dataset, as frozen dataclasses."""

from dataclasses import dataclass, field
from typing import Literal

ColumnType = Literal["text", "bigint", "integer", "boolean", "date", "timestamptz", "numeric"]

#: Columns that landing adds to every raw table, so a source cannot bring its own under these names.
PROVENANCE: dict[str, str] = {
    "force_code": "text not null",
    "batch_id": "bigint not null",
    "row_number": "bigint",
    "row_key": "text not null",
    "version_at": "timestamptz not null",
    "landed_at": "timestamptz not null",
    "row_fingerprint": "text",
    "is_tombstone": "boolean not null",
}


@dataclass(frozen=True)
class Column:
    """One column of a table and the rules its values keep."""

    name: str
    type: ColumnType
    description: str
    required: bool = False
    required_when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    codes: tuple[str, ...] = ()
    pattern: str | None = None
    digits: int | None = None
    verbatim: bool = False
    when_unreadable: Literal["reject", "blank"] = "reject"
    identifies: Literal["employee_no", "collar_no"] | None = None


@dataclass(frozen=True)
class Table:
    """One raw table: what it is called, its key and its columns."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sheet: str | None = None
    may_start_empty: bool = False

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the declared columns in their order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Door:
    """The markings with which a row is let in; of any other row the key alone is noted."""

    column: str
    admits: tuple[str, ...]


@dataclass(frozen=True)
class DatabasePlace:
    """A table of a source database."""

    system: str
    schema: str
    table: str
    cursor: str
    never_extracted: tuple[str, ...] = ()
    door: Door | None = None
    #: Of moments that the source keeps without an offset.
    time_zone: str = "UTC"

    def __str__(self) -> str:
        """Return it the way people write a table's name."""
        return f"{self.system}.{self.schema}.{self.table}"


@dataclass(frozen=True)
class FilePlace:
    """A folder under the dropzone and the exact name of the files in it."""

    folder: str
    file: str
    format: Literal["csv", "xlsx"]

    def __str__(self) -> str:
        """Return it the way people write a path."""
        return f"{self.folder}/{self.file}"


@dataclass(frozen=True)
class Tolerance:
    """How much of a batch may be rejected before all of it is refused."""

    share: float = 0.2
    at_least: int = 20

    def exceeded(self, rejected: int, rows: int) -> bool:
        """Tell whether so many rejected rows out of `rows` are too many."""
        return rejected >= self.at_least and rejected > self.share * rows


@dataclass(frozen=True)
class Retention:
    """How long records are kept, from when on, and why."""

    years: int
    basis: str
    #: The column that holds the moment from which the years count; None for the latest version's.
    counts_from: str | None = None


@dataclass(frozen=True)
class Dataset:
    """One dataset: everything that extraction, checks and raw tables follow from."""

    name: str
    description: str
    place: DatabasePlace | FilePlace
    delivery: Literal["full", "changes"]
    classification: Literal["law_enforcement", "general"]
    owner: str
    retention: Retention
    tables: tuple[Table, ...]
    #: Of the declaration's text: a delivery refused under another declaration is tried again.
    fingerprint: str
    tolerance: Tolerance = field(default_factory=Tolerance)

    @property
    def kind(self) -> Literal["database", "file"]:
        """Whether it comes from a database or from files."""
        return "database" if isinstance(self.place, DatabasePlace) else "file"

    @property
    def raw_schema(self) -> str:
        """The schema of its raw tables."""
        return f"raw_{self.classification}"

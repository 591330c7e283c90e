"""What a declaration says of a dataset, as frozen dataclasses."""

import re
from dataclasses import dataclass, field
from typing import Literal

ColumnType = Literal["text", "bigint", "integer", "boolean", "date", "timestamptz", "numeric"]

#: In the name of a file it stands for the day of the delivery.
DAY = "YYYYMMDD"

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

_PROVENANCE_WORDS = {
    "force_code": "ONS police force area code.",
    "batch_id": "The batch that brought this version.",
    "row_number": "Place of the row in its batch; null where a late delivery made it necessary to "
    "say again what a later one had said.",
    "row_key": "The record's key as one text.",
    "version_at": "From when this version is valid.",
    "landed_at": "When it was landed.",
    "row_fingerprint": "Of the content, to tell whether a record has changed.",
    "is_tombstone": "Whether the record was gone from this version on.",
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
    #: A column of a table of the same dataset, as `table.column`.
    refers_to: str | None = None


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

    @property
    def pattern(self) -> re.Pattern[str]:
        """What the names of its files match; the day of the delivery is the group `day`."""
        before, mark, after = self.file.partition(DAY)
        day = r"(?P<day>\d{8})" if mark else ""
        return re.compile(re.escape(before) + day + re.escape(after), re.ASCII)


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

    def content_columns(self, table: Table) -> dict[str, str]:
        """Return the columns of a raw table that hold what the source said, with their types.

        A file's moment is a wall clock: it is kept as it was written too, with a mark on the times
        that a clock change repeats or skips.
        """
        columns: dict[str, str] = {}
        for column in table.columns:
            columns[column.name] = column.type
            if self.is_wall_clock(column):
                columns[f"{column.name}_text"] = "text"
                columns[f"{column.name}_is_ambiguous"] = "boolean"
        return columns

    def describe(self, table: Table, name: str) -> str:
        """Say what a column of a raw table holds, whoever it comes from."""
        if name in _PROVENANCE_WORDS:
            return _PROVENANCE_WORDS[name]
        if name in table.names:
            return table.column(name).description
        if name.endswith("_text"):
            return f"{name.removesuffix('_text')} as it was written."
        return f"Whether a clock change repeats or skips {name.removesuffix('_is_ambiguous')}."

    def is_wall_clock(self, column: Column) -> bool:
        """Tell whether a column's moments come as times of day in London."""
        return self.kind == "file" and column.type == "timestamptz"

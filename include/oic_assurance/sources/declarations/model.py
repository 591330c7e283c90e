"""The content of a declaration, as frozen dataclasses."""

import re
from dataclasses import dataclass, field
from typing import Literal

from oic_assurance.sources.declarations.mopi import GROUPS

ColumnType = Literal["text", "bigint", "integer", "boolean", "date", "timestamptz", "numeric"]

#: The blank characters. A string of only these characters counts as a missing value.
BLANKS = " \t\r\n\N{NO-BREAK SPACE}"

#: The placeholder for the day of the delivery in the name of a file.
DAY = "YYYYMMDD"

#: The placeholder for the force in the name of a file. Only files with a manifest have it.
FORCE = "FORCE"

#: Stands for a missing value where a declaration lists values of a column.
NO_VALUE = "blank"

#: Columns that landing adds to every raw table. A declaration cannot use these names.
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

_PROVENANCE_DESCRIPTIONS = {
    "force_code": "ONS police force area code.",
    "batch_id": "The batch in which this version was landed.",
    "row_number": "Place of the row in its batch. Null in a tombstone, and in a version that "
    "landing added after a late-arriving delivery, because the next delivery has this version too.",
    "row_key": "The record's key as one text.",
    "version_at": "The time from which this version is valid.",
    "landed_at": "When this version was landed.",
    "row_fingerprint": "Hash of the content, which shows whether a record has changed.",
    "is_tombstone": "Whether this version says that the record was deleted or vanished.",
}


@dataclass(frozen=True)
class Column:
    """One column of a table, and the rules for its values.

    If `codes` are given, a value must be one of them. If a `pattern` is given, a value must match
    it. `when_unreadable` says what happens if a value cannot be read as the type: the row is
    rejected, or the value is left blank. If the column contains officers' numbers, `identifies`
    says which kind of number.
    """

    name: str
    type: ColumnType
    description: str
    required: bool = False
    #: Other columns, each with some of its values. If another column has one of these values in a
    #: row, this column is required in that row.
    required_when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    codes: tuple[str, ...] = ()
    #: Whether the values are codes, although the declaration does not list them.
    category: bool = False
    #: The values that a record has until it is finished. A change from such a value is not a
    #: correction.
    provisional: tuple[str, ...] = ()
    pattern: str | None = None
    #: The number of digits of each value. A spreadsheet can remove leading zeros. Landing restores
    #: them up to this number of digits.
    digits: int | None = None
    #: Whether the value is a reference number that marts show. Such a value must not be prose.
    reference: bool = False
    #: Whether the value is free text that is screened for persons before it is landed. `name` means
    #: that it is the name of a thing: then an unknown capitalised word is no sign of a person.
    screened: bool | Literal["name"] = False
    #: What is landed instead of a text that breaks `codes`, `pattern` or `screened`: this text, or
    #: the value of this other column. Without either, the row is rejected.
    otherwise: str | None = None
    otherwise_from: str | None = None
    #: Whether landing stores only whether the source has a text, as a boolean, and never the text.
    presence: bool = False
    #: Whether the value is landed unchanged, including blanks at its ends.
    verbatim: bool = False
    when_unreadable: Literal["reject", "blank"] = "reject"
    identifies: Literal["employee_no", "collar_no"] | None = None
    #: The column that the values refer to, as `table.column` of the same dataset.
    refers_to: str | None = None

    @property
    def is_replaced(self) -> bool:
        """Whether another text is landed instead of one that breaks the rules of the column."""
        return self.otherwise is not None or self.otherwise_from is not None

    @property
    def is_category(self) -> bool:
        """Whether the values are codes, so that they may be shown and counted."""
        return bool(self.codes) or self.category or self.type == "boolean"


@dataclass(frozen=True)
class Table:
    """One raw table: its name, its key and its columns.

    `sheet` is the workbook sheet that contains the rows. `may_start_empty` says whether a full
    delivery may have no rows, as long as no earlier delivery had rows.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sheet: str | None = None
    may_start_empty: bool = False

    def column(self, name: str) -> Column:
        """Return the column called `name`, which must be declared."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in the order of the declaration."""
        return tuple(column.name for column in self.columns)

    @property
    def presences(self) -> tuple[str, ...]:
        """The names of the columns that are declared with `presence`."""
        return tuple(column.name for column in self.columns if column.presence)

    @property
    def withheld(self) -> tuple[str, ...]:
        """The columns whose text quarantine does not store if it breaks their rules."""
        return tuple(c.name for c in self.columns if c.screened or c.is_replaced)

    @property
    def replaced(self) -> tuple[Column, ...]:
        """The columns in which another text is landed instead of one that breaks their rules."""
        return tuple(column for column in self.columns if column.is_replaced)


@dataclass(frozen=True)
class MarkingRule:
    """The column with the protective marking of a row, and the markings that are admitted.

    If a row has another marking or none, only the key of the row is recorded.
    """

    column: str
    admits: tuple[str, ...]
    #: The column whose value names the record in the marts. If the marking of a record rises, the
    #: rows of the marts with this value are withdrawn. None means that no mart names the record.
    reference: str | None = None


@dataclass(frozen=True)
class DatabasePlace:
    """A table of a source database."""

    system: str
    schema: str
    table: str
    cursor: str
    never_extracted: tuple[str, ...] = ()
    #: The declaration calls this rule `door`.
    marking: MarkingRule | None = None
    #: The time zone of moments that the source stores without an offset.
    time_zone: str = "UTC"

    def __str__(self) -> str:
        """Return the place as `system.schema.table`."""
        return f"{self.system}.{self.schema}.{self.table}"


@dataclass(frozen=True)
class ManifestRule:
    """The folder with the manifests of a dataset's files, and what each file is of.

    A manifest lists the files that one force has delivered for one day, each with its SHA-256 and
    its number of rows. A file is landed only if its force's manifest for its day lists it so.
    """

    folder: str
    #: The column of the force, which has the same value in every row of a file.
    force_column: str


@dataclass(frozen=True)
class FilePlace:
    """A folder under the dropzone, and the name of the files in the folder."""

    folder: str
    file: str
    format: Literal["csv", "xlsx"]
    #: Whether a force may do without the dataset: no folder, no dataset.
    optional: bool = False
    #: Columns that exist in the files and are never read.
    never_extracted: tuple[str, ...] = ()
    #: The manifests that say which files are whole. None if the files have none.
    manifest: ManifestRule | None = None

    def __str__(self) -> str:
        """Return the place as `folder/file`."""
        return f"{self.folder}/{self.file}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression for the file names, without regard to case.

        If the names contain the day of the delivery, the group `day` of the expression matches it.
        If they contain the force, the group `force` matches it.
        """
        name = re.escape(self.file).replace(DAY, r"(?P<day>\d{8})", 1)
        if self.manifest is not None:
            name = name.replace(FORCE, r"(?P<force>[A-Z]\d{8})", 1)
        return re.compile(name, re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Tolerance:
    """How many rows of a batch may be rejected before the whole delivery is refused.

    The delivery is refused if the number of rejected rows is at least `at_least`, and also more
    than the fraction `share` of all rows.
    """

    share: float = 0.2
    at_least: int = 20

    def exceeded(self, rejected: int, rows: int) -> bool:
        """Tell whether `rejected` rows out of `rows` are too many."""
        return rejected >= self.at_least and rejected > self.share * rows


@dataclass(frozen=True)
class Retention:
    """How long records are kept, and why."""

    years: int
    basis: str
    #: The date column from which the years count. None means that the years count from the record's
    #: latest version.
    counts_from: str | None = None
    #: The MoPI group of the records: 1, 2, 3 or 4. None if they are not police information.
    mopi_group: int | None = None
    #: Within how many years a record that a review has kept is reviewed again. None means the
    #: period of the MoPI group or, without a group, `years`.
    review_years: int | None = None

    @property
    def years_to_next_review(self) -> int:
        """Within how many years a record that a review has kept is reviewed again."""
        if self.review_years is not None:
            return self.review_years
        return GROUPS[self.mopi_group].next_review if self.mopi_group else self.years


@dataclass(frozen=True)
class Dataset:
    """One dataset: the content of its declaration."""

    name: str
    description: str
    place: DatabasePlace | FilePlace
    delivery: Literal["full", "changes"]
    classification: Literal["law_enforcement", "general"]
    owner: str
    retention: Retention
    tables: tuple[Table, ...]
    #: SHA-256 of the declaration without its descriptions. If this hash changes, landing reads the
    #: dataset again from the start.
    fingerprint: str
    tolerance: Tolerance = field(default_factory=Tolerance)

    @property
    def kind(self) -> Literal["database", "file"]:
        """Whether the dataset comes from a database or from files."""
        return "database" if isinstance(self.place, DatabasePlace) else "file"

    @property
    def database(self) -> DatabasePlace:
        """The source table of a dataset from a database.

        Raises:
            TypeError: The dataset comes from files.
        """
        if not isinstance(self.place, DatabasePlace):
            raise TypeError(f"{self.name} comes from files, not from a database.")
        return self.place

    @property
    def files(self) -> FilePlace:
        """The folder and file name of a dataset from files.

        Raises:
            TypeError: The dataset comes from a database.
        """
        if not isinstance(self.place, FilePlace):
            raise TypeError(f"{self.name} comes from a database, not from files.")
        return self.place

    @property
    def is_optional(self) -> bool:
        """Whether a force may do without the dataset."""
        return isinstance(self.place, FilePlace) and self.place.optional

    @property
    def is_workbook(self) -> bool:
        """Whether the deliveries are Excel workbooks."""
        return isinstance(self.place, FilePlace) and self.place.format == "xlsx"

    @property
    def raw_schema(self) -> str:
        """The schema of the dataset's raw tables."""
        return f"raw_{self.classification}"

    def content_columns(self, table: Table) -> dict[str, str]:
        """Return the names and types of the raw columns that contain the delivered values.

        A moment in a file is a wall-clock time. For each column of moments, raw has two more
        columns: the original text, and a flag that is true if a clock change repeats or skips the
        time.
        """
        columns: dict[str, str] = {}
        for column in table.columns:
            columns[column.name] = column.type
            if self.is_wall_clock(column):
                columns[f"{column.name}_text"] = "text"
                columns[f"{column.name}_is_ambiguous"] = "boolean"
        return columns

    def describe(self, table: Table, name: str) -> str:
        """Return the description of a column of a raw table.

        The column can be a declared column or one that landing adds.
        """
        if name in _PROVENANCE_DESCRIPTIONS:
            return _PROVENANCE_DESCRIPTIONS[name]
        if name in table.names:
            return table.column(name).description
        if name.endswith("_text"):
            return f"{name.removesuffix('_text')} as it was delivered."
        return f"Whether a clock change repeats or skips {name.removesuffix('_is_ambiguous')}."

    def is_wall_clock(self, column: Column) -> bool:
        """Tell whether the moments of a column are delivered as wall-clock times in London."""
        return self.kind == "file" and column.type == "timestamptz"

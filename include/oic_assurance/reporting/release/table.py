"""What a table of a release's files is: columns, rows, key, and references to other tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from oic_assurance.publishing.release_tables import Kind
from oic_assurance.publishing.releases import Row


@dataclass(frozen=True)
class Column:
    """A column of a file.

    Attributes:
        marker: The name of the column that says why a value is missing. It is empty if every row
            has a value.
    """

    name: str
    title: str
    kind: Kind | Literal["marker"]
    description: str
    marker: str = ""


@dataclass(frozen=True)
class Reference:
    """A foreign key: `columns` of a table name a row of `table`, whose key are `others`."""

    columns: tuple[str, ...]
    table: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of a release's files. `key` names the columns that identify a row."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    references: tuple[Reference, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in their order."""
        return tuple(column.name for column in self.columns)

"""Find the header row of a table. Title lines can precede it, and columns can be in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, FilePlace, Table
from oic_assurance.sources.declarations.protected import undeclared_markings

#: How many rows at the start of a file are searched for the header.
SAMPLE_ROWS = 30
#: The longest cell, in characters, that can be the name of a column.
LONGEST_NAME = 200

Record = list[str]


@dataclass(frozen=True)
class Header:
    """The place of the header in one delivery, and the positions of the declared columns."""

    #: The row number of the header, counted from 0.
    index: int
    #: The position of each declared column in a row, counted from 0.
    positions: tuple[int, ...]
    #: The number of cells.
    width: int
    #: The names of the columns that are not declared.
    extra: tuple[str, ...]
    #: The positions of columns that have no name.
    nameless: tuple[int, ...]
    #: For each declared column that the file spells differently: the name in the file.
    spelled: dict[str, str]

    @property
    def is_reordered(self) -> bool:
        """Whether the order of the columns differs from the declaration."""
        return list(self.positions) != sorted(self.positions)


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """Return a name in lower case with only letters and digits.

    `Employee No.` becomes `employeeno`.
    """
    return "".join(character for character in name.casefold() if character.isalnum())


def find_header(
    samples: Sequence[Sequence[Record]], table: Table, dataset: Dataset
) -> tuple[int, Header]:
    """Find the header in the first rows of a delivery.

    `samples` contains the same rows several times, each time read with another delimiter. Return
    the number of the sample that has the header, and the header.

    Raises:
        DeliveryRefused: No row has every declared column exactly once, or a line above the header
            looks like a row. The message does not name the file.
    """
    names = [[[_name(cell) for cell in record] for record in sample] for sample in samples]
    wanted = [normalised(name) for name in table.names]
    number, index, matched = _best(names, wanted)
    if matched < len(wanted):
        other = _other_dataset(names, dataset)
        if other:
            raise DeliveryRefused(f"it looks like a file of {other}")
        if matched * 2 < len(wanted):
            raise DeliveryRefused(f"no header row with the columns {', '.join(table.names)}")
    found = names[number][index]
    missing = [name for name in table.names if normalised(name) not in found]
    if missing:
        raise DeliveryRefused(f"missing column{_s(missing)} {', '.join(missing)}")
    twice = [name for name in table.names if found.count(normalised(name)) > 1]
    if twice:
        raise DeliveryRefused(f"the header names {', '.join(twice)} more than once")
    header = _header(samples[number][index], index, found, table, dataset.files)
    markings = undeclared_markings(header.extra, table.names)
    if markings:
        raise DeliveryRefused(
            f"the column {', '.join(markings)} may be a protective marking, and a file has no"
            " ceiling: have the rows with a high marking and this column removed from the export"
        )
    for place, record in enumerate(samples[number][:index], 1):
        if _could_be_row(record, header, table):
            raise DeliveryRefused(f"line {place} is above the header but looks like a row")
    return number, header


def _header(record: Record, index: int, found: list[str], table: Table, place: FilePlace) -> Header:
    left_out = {normalised(name) for name in place.never_extracted}
    positions = tuple(found.index(normalised(name)) for name in table.names)
    spelled = {
        name: record[position].strip()
        for name, position in zip(table.names, positions, strict=True)
    }
    return Header(
        index,
        positions,
        len(record),
        extra=tuple(
            cell.strip()
            for number, cell in enumerate(record)
            if cell.strip() and number not in positions and normalised(cell) not in left_out
        ),
        nameless=tuple(number for number, cell in enumerate(record) if not cell.strip()),
        spelled={name: text for name, text in spelled.items() if text != name},
    )


def _name(cell: str) -> str:
    return normalised(cell) if len(cell) <= LONGEST_NAME else ""


def _could_be_row(record: Record, header: Header, table: Table) -> bool:
    """Tell whether a line above the header looks like a row.

    A row has a plausible cell in every required column, and a title line does not. If no column is
    required, a row cannot be told from a title line, so no line counts as a row.
    """
    required = [column for column in table.columns if column.required]
    if not required or len(record) <= max(header.positions):
        return False
    cells = dict(zip(table.names, (record[p].strip() for p in header.positions), strict=True))
    return all(
        cells[column.name]
        and (not column.codes or cells[column.name] in column.codes)
        and ((column.type == "text" and column.digits is None) or cells[column.name][0].isdigit())
        for column in required
    )


def _best(samples: Sequence[Sequence[Record]], wanted: list[str]) -> tuple[int, int, int]:
    """Find the row that has the most of the wanted names.

    Return the number of its sample, the number of the row, and how many of the names it has.
    """
    best = (0, 0, 0)
    wanted_names = set(wanted)
    for number, sample in enumerate(samples):
        for index, names in enumerate(sample):
            matched = len(wanted_names.intersection(names))
            if matched > best[2]:
                best = (number, index, matched)
            if matched == len(wanted):
                return best
    return best


def _other_dataset(names: Sequence[Sequence[Record]], dataset: Dataset) -> str | None:
    """Return the name of another dataset whose columns all occur in one row, or None."""
    for other in datasets().values():
        if other.kind != "file" or other.name == dataset.name:
            continue
        for table in other.tables:
            wanted = [normalised(name) for name in table.names]
            if _best(names, wanted)[2] == len(wanted):
                return other.name
    return None


def other_dataset_of_sheets(sheets: Iterable[str], dataset: Dataset) -> str | None:
    """Return the name of another dataset whose declared sheets are all present, or None."""
    present = {normalised(sheet) for sheet in sheets}
    for other in datasets().values():
        wanted = {normalised(table.sheet) for table in other.tables if table.sheet}
        if other.name != dataset.name and wanted and wanted <= present:
            return other.name
    return None


def _s(items: Sequence[object]) -> str:
    return "s" if len(items) > 1 else ""

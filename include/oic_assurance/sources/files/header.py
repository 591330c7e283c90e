"""The header row: found below title lines, in any order and spelling, or refused with a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, Table

#: How far down a header is looked for.
SAMPLE_ROWS = 30
#: What is longer is no column's name.
LONGEST_NAME = 200

Record = list[str]


@dataclass(frozen=True)
class Header:
    """Where the declared columns stand in the rows of one delivery."""

    index: int
    positions: tuple[int, ...]
    width: int
    extra: tuple[str, ...]
    #: Positions without a name.
    nameless: tuple[int, ...]
    #: By declared column the name it was given, where that is spelled otherwise.
    spelled: dict[str, str]

    @property
    def is_reordered(self) -> bool:
        """Whether the columns stand in another order than the declared one."""
        return list(self.positions) != sorted(self.positions)


def normalised(name: str) -> str:
    """Return a column's name without case, blanks and signs: `Employee No.` is `employeeno`."""
    return "".join(character for character in name.casefold() if character.isalnum())


def locate(
    samples: Sequence[Sequence[Record]], table: Table, dataset: Dataset
) -> tuple[int, Header]:
    """Find the header in the first rows of a delivery, read in as many ways as there are samples.

    Returns which sample holds it, and the header. Raises `DeliveryRefused` with the reason, without
    the file's name, when there is none that has every declared column exactly once.
    """
    names = [[[_name(cell) for cell in record] for record in sample] for sample in samples]
    wanted = [normalised(name) for name in table.names]
    number, index, matched = _best(names, wanted)
    if matched < len(wanted):
        looks_like = _other_dataset(names, dataset)
        if looks_like:
            raise DeliveryRefused(f"it looks like a file of {looks_like}")
        if matched * 2 < len(wanted):
            raise DeliveryRefused(f"no header row with the columns {', '.join(table.names)}")
    found = names[number][index]
    missing = [name for name in table.names if normalised(name) not in found]
    if missing:
        raise DeliveryRefused(f"missing column{_s(missing)} {', '.join(missing)}")
    twice = [name for name in table.names if found.count(normalised(name)) > 1]
    if twice:
        raise DeliveryRefused(f"the header names {', '.join(twice)} more than once")
    header = _header(samples[number][index], index, found, table)
    for place, record in enumerate(samples[number][:index], 1):
        if _could_be_row(record, header, table):
            raise DeliveryRefused(f"line {place} stands above the header but looks like a row")
    return number, header


def _header(record: Record, index: int, found: list[str], table: Table) -> Header:
    positions = tuple(found.index(normalised(name)) for name in table.names)
    given = {
        name: record[position].strip()
        for name, position in zip(table.names, positions, strict=True)
    }
    return Header(
        index,
        positions,
        len(record),
        extra=tuple(
            cell.strip()
            for place, cell in enumerate(record)
            if cell.strip() and place not in positions
        ),
        nameless=tuple(place for place, cell in enumerate(record) if not cell.strip()),
        spelled={name: text for name, text in given.items() if text != name},
    )


def _name(cell: str) -> str:
    return normalised(cell) if len(cell) <= LONGEST_NAME else ""


def _could_be_row(record: Record, header: Header, table: Table) -> bool:
    """Tell whether a line has what a row must have where the header says: no title has that."""
    if len(record) <= max(header.positions):
        return False
    cells = dict(zip(table.names, (record[p].strip() for p in header.positions), strict=True))
    return all(
        cells[column.name]
        and (not column.codes or cells[column.name] in column.codes)
        and ((column.type == "text" and column.digits is None) or cells[column.name][0].isdigit())
        for column in table.columns
        if column.required
    )


def _best(samples: Sequence[Sequence[Record]], wanted: list[str]) -> tuple[int, int, int]:
    """Return sample, row and number of matches of the row that names most of the columns."""
    best = (0, 0, 0)
    among = set(wanted)
    for number, sample in enumerate(samples):
        for index, names in enumerate(sample):
            matched = len(among.intersection(names))
            if matched > best[2]:
                best = (number, index, matched)
            if matched == len(wanted):
                return best
    return best


def _other_dataset(names: Sequence[Sequence[Record]], dataset: Dataset) -> str | None:
    for other in datasets().values():
        if other.kind != "file" or other.name == dataset.name:
            continue
        for table in other.tables:
            wanted = [normalised(name) for name in table.names]
            if _best(names, wanted)[2] == len(wanted):
                return other.name
    return None


def other_dataset_of_sheets(sheets: Iterable[str], dataset: Dataset) -> str | None:
    """Return the dataset whose sheets a workbook has, where that is another one."""
    present = {normalised(sheet) for sheet in sheets}
    for other in datasets().values():
        wanted = {normalised(table.sheet) for table in other.tables if table.sheet}
        if other.name != dataset.name and wanted and wanted <= present:
            return other.name
    return None


def _s(items: Sequence[object]) -> str:
    return "s" if len(items) > 1 else ""

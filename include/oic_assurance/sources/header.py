"""The header row: found below title lines, in any order and spelling, or refused with a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declaration import datasets
from oic_assurance.sources.model import Dataset, Table

#: How far down a header is looked for.
SAMPLE_ROWS = 30

Record = list[str]


@dataclass(frozen=True)
class Header:
    """Where the declared columns stand in the rows of one delivery."""

    index: int
    positions: tuple[int, ...]
    width: int
    extra: tuple[str, ...]


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
    wanted = [normalised(name) for name in table.names]
    number, index, matched = _best(samples, wanted)
    if matched < len(wanted):
        looks_like = _other_dataset(samples, dataset)
        if looks_like:
            raise DeliveryRefused(f"it looks like a file of {looks_like}")
        if matched * 2 < len(wanted):
            raise DeliveryRefused(f"no header row with the columns {', '.join(table.names)}")
    record = samples[number][index]
    found = [normalised(cell) for cell in record]
    missing = [name for name in table.names if normalised(name) not in found]
    if missing:
        raise DeliveryRefused(f"missing column{_s(missing)} {', '.join(missing)}")
    twice = [name for name in table.names if found.count(normalised(name)) > 1]
    if twice:
        raise DeliveryRefused(f"the header names {', '.join(twice)} more than once")
    extra = [cell.strip() for cell in record if cell.strip() and normalised(cell) not in wanted]
    return number, Header(
        index, tuple(found.index(name) for name in wanted), len(record), tuple(extra)
    )


def _best(samples: Sequence[Sequence[Record]], wanted: list[str]) -> tuple[int, int, int]:
    """Return sample, row and number of matches of the row that names most of the columns."""
    best = (0, 0, 0)
    for number, sample in enumerate(samples):
        for index, record in enumerate(sample):
            matched = len({normalised(cell) for cell in record} & set(wanted))
            if matched > best[2]:
                best = (number, index, matched)
            if matched == len(wanted):
                return best
    return best


def _other_dataset(samples: Sequence[Sequence[Record]], dataset: Dataset) -> str | None:
    for other in datasets().values():
        if other.kind != "file" or other.name == dataset.name:
            continue
        for table in other.tables:
            wanted = [normalised(name) for name in table.names]
            if _best(samples, wanted)[2] == len(wanted):
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

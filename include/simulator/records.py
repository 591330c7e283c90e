"""Records of the source systems: born once, changed some times, now and then deleted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.tables import TABLES, Table

Values = dict[str, object]

# Where each table's keys begin: these systems were in use long before the simulation.
FIRST_KEYS = {
    "occurrence": 4_100_000,
    "nccu_referral": 61_000,
    "custody_record": 880_000,
    "report": 730_000,
    "dissemination": 210_000,
    "product": 5_400,
}


@dataclass(frozen=True, slots=True)
class Change:
    """Some columns of a record get new values."""

    at: datetime
    seen_at: datetime  # when it commits: minutes after its `updated_at`, now and then
    values: Values


@dataclass(slots=True)
class Record:
    """One row of a source table through its whole life, and the truth about it."""

    table: Table
    key: int
    born_at: datetime
    seen_at: datetime
    first: Values
    about: Values = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    removed_at: datetime | None = None

    def change(self, at: datetime, **values: object) -> None:
        """Change some columns at a moment. Changes may be told in any order."""
        at = max(at, self.born_at + timedelta(seconds=1))
        self.changes.append(Change(at, at, values))
        self.changes.sort(key=lambda change: change.at)

    def commit_late(self, seconds: int) -> None:
        """Let the last change, or the entry itself, commit some time after its `updated_at`."""
        late = timedelta(seconds=seconds)
        if self.changes:
            last = self.changes[-1]
            self.changes[-1] = Change(last.at, last.at + late, last.values)
        else:
            self.seen_at = self.born_at + late

    def state_at(self, moment: datetime) -> Values | None:
        """Return the row that a reader finds just before a moment, or None."""
        if self.seen_at >= moment or self.is_gone(moment):
            return None
        row = {self.table.key: self.key, **self.first}
        for change in self.changes:
            if change.seen_at >= moment:
                break
            row.update(change.values)
            row["updated_at"] = change.at
        return row

    def is_gone(self, moment: datetime) -> bool:
        """Return whether the record was hard-deleted before a moment."""
        return self.removed_at is not None and self.removed_at < moment

    def is_touched(self, start: datetime, end: datetime) -> bool:
        """Return whether a reader could notice a difference between the two moments."""
        if start <= self.seen_at < end:
            return True
        if self.removed_at is not None and start <= self.removed_at < end:
            return True
        return any(start <= change.seen_at < end for change in self.changes)


class Store:
    """Everything that the operational databases ever held."""

    def __init__(self) -> None:
        self._records: dict[str, list[Record]] = {name: [] for name in TABLES}
        self._numbers: dict[str, int] = dict(FIRST_KEYS)
        self.today: datetime | None = None

    def add(self, table: str, born_at: datetime, values: Values, **about: object) -> Record:
        """Enter a row with the next key of its table, today or later."""
        if self.today is not None and born_at < self.today:
            # A force that is lived on from here would differ from one that is lived in one go.
            raise AssertionError(f"{table}: a row is born at {born_at}, on a day that is over")
        self._numbers[table] += 1
        first = {**values, "created_at": born_at, "updated_at": born_at, "deleted_at": None}
        record = Record(TABLES[table], self._numbers[table], born_at, born_at, first, dict(about))
        self._records[table].append(record)
        return record

    def next_number(self, series: str, step: int = 1) -> int:
        """Return the next number of a series of references."""
        number = self._numbers.get(series, 0) + step
        self._numbers[series] = number
        return number

    def of(self, table: str) -> list[Record]:
        """Return the records of a table, in the order they were made."""
        return self._records[table]

    def everything(self) -> Iterator[Record]:
        """Yield the records of all tables."""
        for records in self._records.values():
            yield from records

"""The records of the source systems, with all their changes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.tables import TABLES, Table

Values = dict[str, object]

# The last key that each table had used before the simulation began: the systems had been in use for
# years.
INITIAL_KEYS = {
    "occurrence": 4_100_000,
    "nccu_referral": 61_000,
    "custody_record": 880_000,
    "report": 730_000,
    "dissemination": 210_000,
    "product": 5_400,
}


@dataclass(frozen=True, slots=True)
class Change:
    """New values for some columns of a record."""

    at: datetime
    committed_at: datetime  # can be minutes after `updated_at`
    values: Values


@dataclass(slots=True)
class Record:
    """One row of a source table, all its changes, and the truth about it (`about`)."""

    table: Table
    key: int
    entered_at: datetime
    committed_at: datetime
    first: Values  # the row as it was inserted
    about: Values = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    removed_at: datetime | None = None

    def change(self, at: datetime, **values: object) -> None:
        """Change some columns of the record at a moment. The calls need not be in order of time."""
        at = max(at, self.entered_at + timedelta(seconds=1))
        self.changes.append(Change(at, at, values))
        self.changes.sort(key=lambda change: change.at)

    def commit_late(self, seconds: int) -> None:
        """Commit the last change later than its `updated_at`, by the given number of seconds.

        If the record has no change, its insertion is committed late.
        """
        late = timedelta(seconds=seconds)
        if self.changes:
            last = self.changes[-1]
            self.changes[-1] = Change(last.at, last.at + late, last.values)
        else:
            self.committed_at = self.entered_at + late

    def state_at(self, moment: datetime) -> Values | None:
        """Return the row as committed before a moment, or None if the table had no such row."""
        if self.committed_at >= moment or self.is_removed(moment):
            return None
        row = {self.table.key: self.key, **self.first}
        for change in self.changes:
            if change.committed_at >= moment:
                break
            row.update(change.values)
            row["updated_at"] = change.at
        return row

    def is_removed(self, moment: datetime) -> bool:
        """Return whether the record was hard-deleted before a moment."""
        return self.removed_at is not None and self.removed_at < moment

    def is_changed(self, start: datetime, end: datetime) -> bool:
        """Return whether the row was inserted, changed or hard-deleted between two moments."""
        if start <= self.committed_at < end:
            return True
        if self.removed_at is not None and start <= self.removed_at < end:
            return True
        return any(start <= change.committed_at < end for change in self.changes)


class Store:
    """All records of the source databases."""

    def __init__(self) -> None:
        self._records: dict[str, list[Record]] = {name: [] for name in TABLES}
        self._numbers: dict[str, int] = dict(INITIAL_KEYS)
        self.today: datetime | None = None

    def add(self, table: str, entered_at: datetime, values: Values, **about: object) -> Record:
        """Add and return a record with the next key of its table.

        Raises:
            AssertionError: the record is dated before the day that is being simulated.
        """
        if self.today is not None and entered_at < self.today:
            # A call of the simulator writes only what was committed in its own range of days. A row
            # on a past day could lie before this range and would then never be written.
            raise AssertionError(f"{table}: a row is entered at {entered_at}, on a past day.")
        self._numbers[table] += 1
        first = {**values, "created_at": entered_at, "updated_at": entered_at, "deleted_at": None}
        record = Record(
            TABLES[table], self._numbers[table], entered_at, entered_at, first, dict(about)
        )
        self._records[table].append(record)
        return record

    def next_number(self, series: str, step: int = 1) -> int:
        """Return the next number of a series, such as the references of one year."""
        number = self._numbers.get(series, 0) + step
        self._numbers[series] = number
        return number

    def records_of(self, table: str) -> list[Record]:
        """Return the records of a table in key order."""
        return self._records[table]

    def all_records(self) -> Iterator[Record]:
        """Yield the records of all tables."""
        for records in self._records.values():
            yield from records

"""A model of a source table in plain Python: its rows, and the versions that extracts have seen.

Tests compare raw with this model.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from tests.integration.landing.support import CUSTODY, FOREVER, REPORTS, World, put, put_report

Condition = Literal["good", "broken", "marked too high"]
#: A version: the record as an extract sees it, with its content, cursor value, and time of soft
#: deletion or None. The whole version is None if the row is gone.
Version = tuple[str, datetime, datetime | None] | None

OFFICER = {CUSTODY: "arresting_officer_no", REPORTS: "author_officer_no"}
RAW = {CUSTODY: "custody_record", REPORTS: "intelligence_report"}


@dataclass(frozen=True)
class Record:
    """One row of the source."""

    content: str
    condition: Condition
    cursor: datetime
    deleted_at: datetime | None

    @property
    def version(self) -> Version:
        """The record as an extract sees it."""
        return (self.content, self.cursor, self.deleted_at)


@dataclass
class Source:
    """A source table and its model. Every change is made in both.

    `records` maps each key to its row in the table. `seen` lists the versions of each record that
    extracts have seen, from the oldest to the newest.
    """

    world: World
    dataset: str
    records: dict[int, Record] = field(default_factory=dict)
    seen: dict[str, list[Version]] = field(default_factory=dict)

    def write(self, key: int, record: Record) -> None:
        """Insert or replace a record in the source table and in the model.

        The source contract says that every change sets the cursor. Use `unused` to find a cursor
        value that the record has not had.
        """
        officer = "" if record.condition == "broken" else record.content
        other: dict[str, Any] = {"deleted_at": record.deleted_at}
        if self.dataset == CUSTODY:
            put(self.world, key, record.cursor, officer, **other)
        else:
            marking = "SECRET" if record.condition == "marked too high" else "OFFICIAL"
            other |= {"author_officer_no": officer, "protective_marking": marking}
            put_report(self.world, key, record.cursor, **other)
        self.records[key] = record

    def unused(self, key: int, cursor: datetime) -> datetime:
        """Return `cursor` or, if the record has had it before, the next value that is new to it."""
        taken = {version[1] for version in self.seen.get(str(key), []) if version}
        if key in self.records:
            taken.add(self.records[key].cursor)
        while cursor in taken:
            cursor += timedelta(milliseconds=1)
        return cursor

    def remove(self, key: int) -> None:
        """Delete a row from the source table and from the model.

        The source keeps no trace of the record.
        """
        if self.dataset == CUSTODY:
            self.world.rms("delete from rms.custody_record where custody_id = %s", key)
        else:
            self.world.intelligence("delete from intel.report where report_id = %s", key)
        self.records.pop(key, None)

    def note_extract(self) -> None:
        """Add to the model the versions that an extract sees now.

        If a record's row is rejected or refused, the record gets no new version.
        """
        for key, record in self.records.items():
            if record.condition == "good":
                versions = self.seen.setdefault(str(key), [])
                if not versions or versions[-1] != record.version:
                    versions.append(record.version)
        for key_seen, versions in self.seen.items():
            if int(key_seen) not in self.records and versions[-1] is not None:
                versions.append(None)

    @property
    def state(self) -> dict[str, Version]:
        """The version of each record that the last extract saw. Deleted rows are left out."""
        return {key: versions[-1] for key, versions in self.seen.items() if versions[-1]}

    # ------------------------------------------------------------ states and versions in raw

    def raw_state(self, at: datetime | None = None, known: int | None = None) -> dict[str, Any]:
        """Return the version of each record in raw that is valid at a moment.

        Only batches with an id up to `known` count.
        """
        columns = (OFFICER[self.dataset], "updated_at", "deleted_at")
        return self.world.state(self.dataset, columns, at or FOREVER, known)

    def raw_versions(self) -> dict[str, list[Version]]:
        """Return the versions of each record in raw, in the order of landing."""
        rows = self.world.query(
            f"select row_key, is_tombstone, {OFFICER[self.dataset]}, updated_at, deleted_at"
            f" from raw_law_enforcement.{RAW[self.dataset]} order by batch_id, row_key"
        )
        versions: dict[str, list[Version]] = {}
        for key, is_tombstone, *content in rows:
            version = None if is_tombstone else (content[0], content[1], content[2])
            versions.setdefault(key, []).append(version)
        return versions

    def last_batch(self) -> int:
        """Return the id of the newest batch of the dataset, or 0 if there is none."""
        query = "select coalesce(max(batch_id), 0) from audit.batch where dataset = %s"
        return int(self.world.one(query, self.dataset))

    def cursor(self) -> tuple[datetime | None, datetime | None]:
        """Return the highest cursor value that was read, and when the source was last read.

        Both are None before the first extract.
        """
        query = (
            "select cursor_at, greatest(reconciled_at, counted_at) from audit.source_cursor"
            " where dataset = %s"
        )
        rows = self.world.query(query, self.dataset)
        cursor_at, read_at = rows[0] if rows else (None, None)
        return cursor_at, read_at

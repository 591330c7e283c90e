"""Land dropped files in the order of their days. Each file is landed once, in one transaction."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from oic_assurance.batches.archive_writer import CLOCK_SKEW, Archive
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.erased_keys import ErasedKeys, record_removed_rows
from oic_assurance.landing.late_deliveries import LaterDeliveries
from oic_assurance.landing.load import Summary, TableLoader
from oic_assurance.landing.report import LandingReport
from oic_assurance.landing.unusual_values import unusual_values
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files.dropped import Content, DroppedFile, Dropzone
from oic_assurance.sources.files.row_removal import remove_rows
from oic_assurance.sources.files.tabular import read_tables


@dataclass(frozen=True)
class _EarlierFile:
    """An earlier delivery of a file, as `audit.batch` records it."""

    source_place: str
    delivered_for: datetime
    batch_id: int
    sha256: str | None
    status: str
    declaration: str | None
    size_bytes: int | None
    modified_at: datetime | None
    landed_at: datetime | None = None

    def is_same(self, content: Content, declaration: str) -> bool:
        """Tell whether this delivery had the same bytes and its outcome still counts.

        Then a file with these bytes need not be landed. A refused delivery no longer counts if the
        declaration has changed since.
        """
        if self.sha256 != content.sha256:
            return False
        return self.status == "landed" or self.declaration == declaration


@dataclass(frozen=True)
class _Checked:
    """The result of staging and checking one file, with one entry for each of its tables."""

    summaries: dict[str, Summary]
    notes: dict[str, dict[str, Any]]
    #: The row numbers of rows that this file delivers although their records were erased.
    erased: dict[str, list[int]]

    @property
    def rows(self) -> int:
        """The number of staged rows, without the rows of erased records."""
        return sum(summary.rows for summary in self.summaries.values())

    @property
    def rejected(self) -> int:
        """The number of rejected rows."""
        return sum(summary.rejected for summary in self.summaries.values())

    def is_empty(self, table: str) -> bool:
        """Tell whether a table of the file has no row at all.

        Rows of erased records count as rows here.
        """
        return not self.summaries[table].rows and table not in self.erased


class FileLanding:
    """Lands the files of one dataset. The connection holds the lock of the dataset."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection,
        dataset: Dataset,
        run_id: str,
        report: LandingReport,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._run_id = run_id
        self._report = report
        self._archive = Archive(settings, dataset)
        self._erased = ErasedKeys(settings, connection, dataset)
        self._loaders = {
            table.name: TableLoader(connection, dataset, table, settings.force_code)
            for table in dataset.tables
        }
        self._earlier: dict[tuple[str, datetime], _EarlierFile] = {}

    def land(self) -> None:
        """Land every file in the dataset's folder that was not landed yet.

        If a file is refused, it is registered with the reason, and the next file follows.

        Raises:
            SourceUnavailable: The dropzone cannot be reached.
        """
        zone = Dropzone(self._settings)
        listing = zone.listing(self._dataset)
        if not listing.folder_exists:
            self._report.notes.append("its folder in the dropzone does not exist")
        if listing.unknown:
            self._report.notes.append(f"unknown names: {', '.join(listing.unknown)}")
        with self._connection.transaction():
            self._earlier = {(e.source_place, e.delivered_for): e for e in self._load_earlier()}
            self._archive.remove_leftovers(self._connection)
        for file in listing.files:
            known = self._earlier.get((file.name, file.delivered_for or file.modified_at))
            if known and _looks_unchanged(known, file, is_local=zone.is_local):
                continue
            try:
                with zone.read(file) as content:
                    if not (known and known.is_same(content, self._dataset.fingerprint)):
                        self._deliver(file, content)
            except FileNotFoundError:
                self._report.notes.append(f"{file.name} was removed before it was read")

    def _load_earlier(self) -> list[_EarlierFile]:
        """Return the earlier deliveries of the dataset, in the order in which they were landed."""
        rows = self._connection.execute(
            """
            select source_place, delivered_for, batch_id, sha256, status,
                notes ->> 'declaration', size_bytes, modified_at, landed_at
            from audit.batch
            where force_code = %s and dataset = %s and kind = 'file'
            order by batch_id
            """,
            (self._settings.force_code, self._dataset.name),
        ).fetchall()
        return [_EarlierFile(*row) for row in rows]

    def _deliver(self, file: DroppedFile, content: Content) -> None:
        """Land one file, or register it as refused."""
        try:
            if file.delivered_for is None:
                raise DeliveryRefused("the day in its name does not exist")
            with self._connection.transaction():
                batch = self._land_file(file, file.delivered_for, content)
        except DeliveryRefused as error:
            batch = self._refuse(file, content, error.message)
        else:
            self._report.batches += 1
            self._report.rows_landed += batch.rows_new or 0
            self._report.rows_rejected += batch.rows_rejected or 0
        self._earlier[(file.name, batch.delivered_for)] = _EarlierFile(
            file.name,
            batch.delivered_for,
            batch.batch_id,
            batch.sha256,
            batch.status,
            self._dataset.fingerprint,
            batch.size_bytes,
            batch.modified_at,
        )

    def _land_file(self, file: DroppedFile, at: datetime, content: Content) -> Batch:
        checked = self._stage_and_check(content)
        self._check_delivery(checked, at)
        batch_id = next_batch_id(self._connection)
        rows_new = sum(self._insert(loader, batch_id, at) for loader in self._loaders.values())
        if checked.rejected:
            for loader in self._loaders.values():
                loader.quarantine(batch_id)
        if self._dataset.delivery == "changes":
            self._apply_later_deliveries(batch_id, at)
        batch = Batch(
            batch_id,
            self._dataset.name,
            file.name,
            "file",
            at,
            size_bytes=content.size_bytes,
            modified_at=file.modified_at,
            row_count=checked.rows + sum(map(len, checked.erased.values())),
            rows_new=rows_new,
            rows_rejected=checked.rejected,
            sha256=content.sha256,
            notes={**checked.notes, "declaration": self._dataset.fingerprint},
            archived_as=self._store(content, file.name, batch_id, checked.erased),
        )
        register(self._connection, batch, self._settings.force_code, self._run_id)
        return batch

    def _store(
        self, content: Content, name: str, batch_id: int, erased: dict[str, list[int]]
    ) -> str:
        """Archive a file without the rows of erased records.

        Return the path in the state folder.
        """
        if not erased:
            return self._archive.store(content, name, batch_id)
        with remove_rows(content, self._dataset, erased) as remaining:
            sha256 = (content.sha256, remaining.sha256)
            record_removed_rows(self._connection, batch_id, sha256, erased)
            return self._archive.store(remaining, name, batch_id)

    def _stage_and_check(self, content: Content) -> _Checked:
        """Copy all tables of a file into the warehouse and check their rows."""
        checked = _Checked({}, {}, {})
        for reading in read_tables(content, self._dataset):
            name = reading.table.name
            loader = self._loaders[name]
            loader.stage_text(reading.copy_text())
            summary = loader.check()
            if places := self._erased.find_places(loader):
                summary = loader.exclude_rows(places)
                checked.erased[name] = places
            found = reading.notes | unusual_values(self._connection, reading.table)
            if places:
                found["erased_kept_out"] = len(places)
            if summary.repeats:
                found["repeated_rows_collapsed"] = summary.repeats
            if summary.blanked:
                found["unreadable_made_blank"] = summary.blanked
            if found:
                checked.notes[name] = found
            checked.summaries[name] = summary
        return checked

    def _check_delivery(self, checked: _Checked, at: datetime) -> None:
        """Refuse a file with too many rejected rows, and a full delivery without rows.

        An empty full delivery would turn every record into a vanished one. The setting
        `may_start_empty` allows an empty delivery as long as the table has never had a record.
        """
        if self._dataset.tolerance.exceeded(checked.rejected, checked.rows):
            raise DeliveryRefused(
                f"{checked.rejected} of {checked.rows} rows break the source contract, which is "
                f"over the tolerance of {self._dataset.tolerance.share:.0%}: most often, "
                f"{self._most_frequent_reason()}"
            )
        if self._dataset.delivery != "full":
            return
        for loader in self._loaders.values():
            if not checked.is_empty(loader.table.name):
                continue
            if not loader.table.may_start_empty or loader.has_rows(at):
                where = f"sheet {loader.table.sheet}" if loader.table.sheet else "it"
                raise DeliveryRefused(f"{where} has no rows: a full list is never empty")

    def _most_frequent_reason(self) -> str:
        """Return the most frequent reason for rejections.

        It shows, for example, that a whole column has a new type.
        """
        found: Counter[str] = Counter()
        for loader in self._loaders.values():
            found.update(dict(self._connection.execute(checks.reasons_statement(loader.table))))
        return max(found, key=lambda reason: found[reason])

    def _insert(self, loader: TableLoader, batch_id: int, at: datetime) -> int:
        """Insert new versions and tombstones. Return how many were inserted."""
        rows_new = loader.insert_delivered(batch_id, at)
        if self._dataset.delivery == "full":
            rows_new += loader.insert_vanished(batch_id, at)
            if rows_new and next(self._landed_after(at), None):
                loader.restore_later_versions(batch_id, at)
        return rows_new

    def _landed_after(self, at: datetime) -> Iterator[_EarlierFile]:
        """Return the landed deliveries for later moments than this one."""
        return (
            file
            for file in self._earlier.values()
            if file.status == "landed" and file.delivered_for > at
        )

    def _apply_later_deliveries(self, batch_id: int, at: datetime) -> None:
        """Restore the versions of later deliveries after a late-arriving delivery of changes.

        If a later delivery listed a record unchanged, it added nothing to raw. So raw cannot show
        that the later delivery listed the record. Only the archived batch shows it.
        """
        loader = next(iter(self._loaders.values()))
        if next(self._landed_after(at), None) is None:
            return
        if keys := loader.keys_changed_late(batch_id, at):
            later = LaterDeliveries(self._settings, loader)
            later.apply(batch_id, later.after(at), keys)

    def _refuse(self, file: DroppedFile, content: Content, reason: str) -> Batch:
        self._report.refused.append((file.name, reason))
        with self._connection.transaction():
            batch = Batch(
                next_batch_id(self._connection),
                self._dataset.name,
                file.name,
                "file",
                file.delivered_for or file.modified_at,
                status="refused",
                reason=f"{self._dataset.name}: {file.name}: {reason}.",
                size_bytes=content.size_bytes,
                modified_at=file.modified_at,
                sha256=content.sha256,
                notes={"declaration": self._dataset.fingerprint},
            )
            register(self._connection, batch, self._settings.force_code, self._run_id)
        return batch


def _looks_unchanged(known: _EarlierFile, file: DroppedFile, *, is_local: bool) -> bool:
    """Tell, without reading a file, whether it is the file that was landed.

    This saves reading years of files each day. The size and the modification time must be the same.
    A local file also has a change time that nobody can set. It must be before the landing.
    """
    looks_same = (
        known.status == "landed"
        and known.size_bytes == file.size_bytes
        and known.modified_at == file.modified_at
    )
    if not (looks_same and is_local):
        return looks_same
    return (
        file.changed_at is not None
        and known.landed_at is not None
        and file.changed_at < known.landed_at - CLOCK_SKEW
    )

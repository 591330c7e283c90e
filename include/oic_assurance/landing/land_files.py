"""Landing of dropped files: each one once, in the order of their days, whole or not at all."""

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from oic_assurance.batches.archive import CLOCK_SKEW, Archive
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.erased_keys import Erased, log_kept_out
from oic_assurance.landing.late_deliveries import SaidReader
from oic_assurance.landing.load import Summary, TableLoader
from oic_assurance.landing.report import LandingReport
from oic_assurance.landing.unusual_values import coped_with
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.files.dropped import Content, DroppedFile, Dropzone
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.sources.files.without_rows import without_rows


@dataclass(frozen=True)
class _Entered:
    """What `audit.batch` holds of an earlier delivery."""

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
        """Tell whether a file was delivered with just these bytes, and need not be looked at again.

        One that was refused is looked at again when the declaration has changed since.
        """
        if self.sha256 != content.sha256:
            return False
        return self.status == "landed" or self.declaration == declaration


class FileLanding:
    """Lands the files of one dataset on one connection, which holds the dataset's lock."""

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
        self._erased = Erased(settings, connection, dataset)
        self._loaders = {
            table.name: TableLoader(connection, dataset, table, settings.force_code)
            for table in dataset.tables
        }
        self._entered: dict[tuple[str, datetime], _Entered] = {}

    def land(self) -> None:
        """Land every file in the dataset's folder that was not landed yet."""
        zone = Dropzone(self._settings)
        listing = zone.listing(self._dataset)
        if not listing.folder_exists:
            self._report.notes.append("its folder in the dropzone does not exist")
        if listing.unknown:
            self._report.notes.append(f"unknown names: {', '.join(listing.unknown)}")
        with self._connection.transaction():
            self._entered = {(e.source_place, e.delivered_for): e for e in self._earlier()}
            self._archive.remove_leftovers(self._connection)
        for file in listing.files:
            known = self._entered.get((file.name, file.delivered_for or file.modified_at))
            if known and _looks_unchanged(known, file, is_local=zone.is_local):
                continue
            try:
                with zone.read(file) as content:
                    if not (known and known.is_same(content, self._dataset.fingerprint)):
                        self._deliver(file, content)
            except FileNotFoundError:
                self._report.notes.append(f"{file.name} went away before it was read")

    def _earlier(self) -> list[_Entered]:
        """Return what was delivered before, of one file and moment the latest last."""
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
        return [_Entered(*row) for row in rows]

    def _deliver(self, file: DroppedFile, content: Content) -> None:
        """Land one file, or refuse it; the others of the dataset go on either way."""
        try:
            if file.delivered_for is None:
                raise DeliveryRefused("there is no such day as the one in its name")
            with self._connection.transaction():
                batch = self._land_file(file, file.delivered_for, content)
        except DeliveryRefused as error:
            batch = self._refuse(file, content, error.message)
        else:
            self._report.batches += 1
            self._report.rows_landed += batch.rows_new or 0
            self._report.rows_rejected += batch.rows_rejected or 0
        self._entered[(file.name, batch.delivered_for)] = _Entered(
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
        notes = self._stage_and_check(content)
        summaries: dict[str, Summary] = notes.pop("summaries")
        kept_out: dict[str, list[int]] = notes.pop("kept_out")
        rows = sum(summary.rows for summary in summaries.values())
        rejected = sum(summary.rejected for summary in summaries.values())
        self._refuse_what_is_too_bad(summaries, rows, rejected, at, kept_out)
        batch_id = next_batch_id(self._connection)
        rows_new = sum(self._insert(loader, batch_id, at) for loader in self._loaders.values())
        if rejected:
            for loader in self._loaders.values():
                loader.quarantine(batch_id)
        if self._dataset.delivery == "changes":
            self._settle_later_deliveries(batch_id, at)
        batch = Batch(
            batch_id,
            self._dataset.name,
            file.name,
            "file",
            at,
            size_bytes=content.size_bytes,
            modified_at=file.modified_at,
            row_count=rows + sum(map(len, kept_out.values())),
            rows_new=rows_new,
            rows_rejected=rejected,
            sha256=content.sha256,
            notes={**notes, "declaration": self._dataset.fingerprint},
            kept_as=self._keep(content, file.name, batch_id, kept_out),
        )
        register(self._connection, batch, self._settings.force_code, self._run_id)
        return batch

    def _keep(
        self, content: Content, name: str, batch_id: int, kept_out: dict[str, list[int]]
    ) -> str:
        """Keep a file, without what had been erased before it said it again."""
        if not kept_out:
            return self._archive.store(content, name, batch_id)
        with without_rows(content, self._dataset, kept_out) as left:
            sha256 = (content.sha256, left.sha256)
            log_kept_out(self._connection, batch_id, sha256, kept_out)
            return self._archive.store(left, name, batch_id)

    def _stage_and_check(self, content: Content) -> dict[str, Any]:
        """Read all tables of a file into the warehouse; returns the notes and the summaries."""
        notes: dict[str, Any] = {}
        summaries: dict[str, Summary] = {}
        kept_out: dict[str, list[int]] = {}
        for reading in read_tables(content, self._dataset):
            loader = self._loaders[reading.table.name]
            loader.stage_text(reading.copy_text())
            summary = loader.check()
            if places := self._erased.places(loader):
                summary = loader.leave_out(places)
                kept_out[reading.table.name] = places
            found = reading.notes | coped_with(self._connection, reading.table)
            if places:
                found["erased_kept_out"] = len(places)
            if summary.repeats:
                found["repeated_rows_collapsed"] = summary.repeats
            if summary.blanked:
                found["unreadable_made_blank"] = summary.blanked
            if found:
                notes[reading.table.name] = found
            summaries[reading.table.name] = summary
        notes["summaries"], notes["kept_out"] = summaries, kept_out
        return notes

    def _refuse_what_is_too_bad(
        self,
        summaries: dict[str, Summary],
        rows: int,
        rejected: int,
        at: datetime,
        kept_out: Container[str],
    ) -> None:
        if self._dataset.tolerance.exceeded(rejected, rows):
            raise DeliveryRefused(
                f"{rejected} of {rows} rows break the source contract, which is over the tolerance "
                f"of {self._dataset.tolerance.share:.0%}: most often, "
                f"{self._most_frequent_reason()}"
            )
        if self._dataset.delivery != "full":
            return
        for loader in self._loaders.values():
            if summaries[loader.table.name].rows or loader.table.name in kept_out:
                continue
            if not loader.table.may_start_empty or loader.has_rows(at):
                where = f"sheet {loader.table.sheet}" if loader.table.sheet else "it"
                raise DeliveryRefused(f"{where} has no rows: a full list is never empty")

    def _most_frequent_reason(self) -> str:
        """Return why rows break, above all: a column that changed its type says its name here."""
        found: Counter[str] = Counter()
        for loader in self._loaders.values():
            found.update(dict(self._connection.execute(checks.reasons_statement(loader.table))))
        return max(found, key=lambda reason: found[reason])

    def _insert(self, loader: TableLoader, batch_id: int, at: datetime) -> int:
        rows_new = loader.insert_delivered(batch_id, at)
        if self._dataset.delivery == "full":
            rows_new += loader.insert_vanished(batch_id, at)
            if rows_new and next(self._landed_after(at), None):
                loader.assert_again(batch_id, at)
        return rows_new

    def _landed_after(self, at: datetime) -> Iterator[_Entered]:
        return (
            entered
            for entered in self._entered.values()
            if entered.status == "landed" and entered.delivered_for > at
        )

    def _settle_later_deliveries(self, batch_id: int, at: datetime) -> None:
        """Let what later deliveries say of a record stand after a late one has changed it before.

        A delivery of changes adds nothing to raw for a record that it names as it was already, so
        whether it does name one stands only in the kept batch.
        """
        loader = next(iter(self._loaders.values()))
        if next(self._landed_after(at), None) and loader.changed_before(batch_id, at):
            said = SaidReader(self._settings, loader)
            said.settle(batch_id, said.after(at))

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


def _looks_unchanged(known: _Entered, file: DroppedFile, *, is_local: bool) -> bool:
    """Tell, without reading it, whether a file is the one that was landed.

    Years of files are not read again each day. Of a local one it is known too when anything of it
    was changed, which nobody can set; far away size and time must do.
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

"""Land dropped files in the order of their dates. Each file is landed once, in one transaction."""

import hashlib
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from oic_assurance.batches.archive_writer import CLOCK_SKEW, Archive
from oic_assurance.batches.batch import Batch, next_batch_id, register
from oic_assurance.batches.normal_form import write_remaining
from oic_assurance.clock import london_day
from oic_assurance.errors import DeliveryRefused
from oic_assurance.formats import long_day
from oic_assurance.landing import checks
from oic_assurance.landing.corrections import record_corrections
from oic_assurance.landing.emptied import Acceptances, LooksEmptied, record_refusal
from oic_assurance.landing.erased_keys import ErasedKeys, record_removed_rows
from oic_assurance.landing.late_deliveries import LaterDeliveries
from oic_assurance.landing.load import NotStraight, Summary, TableLoader
from oic_assurance.landing.national.exporters import (
    check_exporter,
    known_exporter,
    withdrawn_forces,
)
from oic_assurance.landing.overlap import overlap
from oic_assurance.landing.report import LandingReport
from oic_assurance.landing.unusual_values import unusual_values
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, ManifestRule
from oic_assurance.sources.files.dropped import Content, DroppedFile, Dropzone, NotTaken
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.sources.national.manifest import Exporter, ManifestEntry, check_manifest

#: From this size on, landing a file is faster if its rows in plain form are not staged.
PLAIN_FROM_BYTES = 64 * 1024


@dataclass(frozen=True)
class _EarlierFile:
    """An earlier delivery of a file, as `audit.batch` records it.

    `declaration` is the fingerprint of the declaration under which the file was landed or refused.
    """

    source_place: str
    delivered_for: datetime
    batch_id: int
    sha256: str | None
    status: str
    declaration: str | None
    size_bytes: int | None
    modified_at: datetime | None
    landed_at: datetime | None = None
    #: The force whose export the file was landed as. None for a file that lists all records.
    export_of: str | None = None

    def is_same(self, content: Content, declaration: str) -> bool:
        """Tell whether this delivery had the same bytes as `content`, and its outcome still counts.

        If so, the file need not be landed again. The outcome of a landed delivery always counts. A
        refusal counts only as long as the declaration is the same.
        """
        if self.sha256 != content.sha256:
            return False
        return self.status == "landed" or self.declaration == declaration


@dataclass(frozen=True)
class _Checked:
    """The result of staging and checking one file. The keys of each field are the table names."""

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


@dataclass(frozen=True)
class _Listed:
    """What the manifest of a file says about it.

    `terms` is the fingerprint of everything that decides whether the file is landed, besides its
    bytes: the declaration and, if there is one, the manifest, with the key that the force is known
    by. As long as it is the same, a refusal counts.
    """

    rule: ManifestRule | None
    manifest: bytes | None
    terms: str

    def check(
        self, file: DroppedFile, content: Content
    ) -> tuple[ManifestEntry | None, Exporter | None]:
        """Return the entry of the manifest for a file, and who has signed the manifest.

        Both are None if files have no manifests.

        Raises:
            DeliveryRefused: The manifest is missing or cannot be used, or it lists other bytes.
        """
        if self.rule is None or file.delivered_for is None:
            return None, None
        day = london_day(file.delivered_for)
        return check_manifest(self.manifest, file.name, file.force, day, content.sha256)


class FileLanding:
    """Lands the files of one dataset. The connection holds the lock of the dataset."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection,
        dataset: Dataset,
        run_id: str,
        report: LandingReport,
        plain_from: int = PLAIN_FROM_BYTES,
    ) -> None:
        """`plain_from` is the size from which the rows of a file in plain form are not staged."""
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._run_id = run_id
        self._report = report
        # The staged rows of a file with a manifest are compared with the manifest.
        has_manifest = dataset.files.manifest is not None
        self._plain_from = sys.maxsize if has_manifest else plain_from
        self._archive = Archive(settings, dataset)
        self._erased = ErasedKeys(settings, connection, dataset)
        self._loaders = {
            table.name: TableLoader(connection, dataset, table, settings.force_code)
            for table in dataset.tables
        }
        self._acceptances = Acceptances(connection, settings.force_code, dataset)
        self._earlier: dict[tuple[str, datetime], _EarlierFile] = {}
        #: The latest moment of the landed deliveries, of each force if each has its own.
        self._latest: dict[str | None, datetime] = {}

    def land(self) -> None:
        """Land every file in the dataset's folder that is new or has changed.

        If a file is refused, it is registered with the reason, and landing continues with the next
        file. A refused file is tried again when the declaration has changed.

        Raises:
            SourceUnavailable: The dropzone cannot be reached.
        """
        zone = Dropzone(self._settings)
        with self._connection.transaction():
            for earlier in self._load_earlier():
                self._note(earlier)
            self._archive.remove_leftovers(self._connection)
            withdrawn = withdrawn_forces(self._connection, self._settings.force_code)
        self._report.is_expected = bool(self._earlier) or not self._dataset.is_optional
        listing = zone.listing(self._dataset)
        self._report.is_expected = self._report.is_expected or listing.has_folder
        if self._report.is_expected:
            self._report.not_taken += listing.not_taken
        for file in listing.files:
            known = self._earlier.get((file.name, file.delivered_for or file.modified_at))
            if known and _looks_unchanged(known, file, is_local=zone.is_local):
                continue
            if (since := withdrawn.get(file.force)) is not None:
                why = f"its force was withdrawn from the national view on {long_day(since)}"
                self._report.not_taken.append(NotTaken(file.name, why, file.modified_at))
                continue
            listed = self._listed(zone, file)
            try:
                with zone.read(file) as content:
                    if not (known and self._is_settled(known, content, listed)):
                        self._deliver(file, content, listed)
            except FileNotFoundError:
                self._report.notes.append(f"{file.name} was removed before it was read")

    def _listed(self, zone: Dropzone, file: DroppedFile) -> _Listed:
        """Return what a file's manifest says about it. Files without manifests are not checked."""
        rule = self._dataset.files.manifest
        if rule is None:
            return _Listed(None, None, self._dataset.fingerprint)
        manifest = zone.manifest(rule, file)
        known = known_exporter(self._connection, self._settings.force_code, file.force)
        decisive = (self._dataset.fingerprint, known.key if known else "")
        terms = hashlib.sha256("".join(decisive).encode() + (manifest or b"")).hexdigest()
        return _Listed(rule, manifest, terms)

    def _is_settled(self, known: _EarlierFile, content: Content, listed: _Listed) -> bool:
        """Tell whether a file has been handled already and need not be tried again.

        If a person has accepted that records of the dataset are gone, each refused file is tried
        again.
        """
        is_retried = known.status == "refused" and self._acceptances.retries_refused
        return not is_retried and known.is_same(content, listed.terms)

    def _load_earlier(self) -> list[_EarlierFile]:
        """Return the earlier deliveries of the dataset, in the order in which they were landed."""
        rows = self._connection.execute(
            """
            select source_place, delivered_for, batch_id, sha256, status,
                notes ->> 'declaration', size_bytes, modified_at, landed_at, notes ->> 'export_of'
            from audit.batch
            where force_code = %s and dataset = %s and kind = 'file'
            order by batch_id
            """,
            (self._settings.force_code, self._dataset.name),
        ).fetchall()
        return [_EarlierFile(*row) for row in rows]

    def _deliver(self, file: DroppedFile, content: Content, listed: _Listed) -> None:
        """Land one file, or register it as refused."""
        try:
            if file.delivered_for is None:
                raise DeliveryRefused("the day in its name does not exist")
            with self._connection.transaction():
                batch = self._land_file(file, file.delivered_for, content, listed)
        except DeliveryRefused as error:
            batch = self._refuse(file, content, error, listed)
        else:
            self._report.batches += 1
            self._report.rows_landed += batch.rows_new or 0
            self._report.rows_rejected += batch.rows_rejected or 0
        self._note(
            _EarlierFile(
                file.name,
                batch.delivered_for,
                batch.batch_id,
                batch.sha256,
                batch.status,
                listed.terms,
                batch.size_bytes,
                batch.modified_at,
                export_of=self._export_of(file),
            )
        )

    def _note(self, file: _EarlierFile) -> None:
        """Note a delivery of a file. One that was landed counts, even if a later one is refused."""
        self._earlier[file.source_place, file.delivered_for] = file
        if file.status == "landed":
            known = self._latest.get(file.export_of, file.delivered_for)
            self._latest[file.export_of] = max(known, file.delivered_for)

    def _land_file(
        self, file: DroppedFile, at: datetime, content: Content, listed: _Listed
    ) -> Batch:
        entry, exporter = listed.check(file, content)
        if listed.rule is not None:
            check_exporter(self._connection, self._settings.force_code, file.force, exporter)
        batch_id = next_batch_id(self._connection)
        known = [loader for loader in self._loaders.values() if loader.has_rows()]
        checked = self._take_in(content, batch_id, at)
        self._check_delivery(checked, at)
        if listed.rule is not None and entry is not None:
            self._check_listed(listed.rule, entry, file, checked)
        self._note_overlaps(checked, at)
        export_of = self._export_of(file)
        inserted = {
            name: self._insert(loader, batch_id, at, export_of)
            for name, loader in self._loaders.items()
        }
        rows_new = sum(inserted.values())
        if checked.rejected:
            for loader in self._loaders.values():
                loader.quarantine(batch_id)
        if self._dataset.delivery == "changes":
            self._apply_later_deliveries(batch_id, at)
        elif self._has_landed_after(at, export_of):
            for name in filter(inserted.get, inserted):
                self._restore_later_versions(self._loaders[name], batch_id, at, export_of)
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
            notes={
                **checked.notes,
                "declaration": listed.terms,
                **({"export_of": export_of} if export_of else {}),
            },
            archived_as=self._store(content, file.name, batch_id, checked),
        )
        register(self._connection, batch, self._settings.force_code, self._run_id)
        self._acceptances.mark_used(batch_id)
        if rows_new:
            record_corrections(known, batch_id)
        return batch

    def _export_of(self, file: DroppedFile) -> str | None:
        """Return the force whose records a file lists. None if it lists the records of all."""
        return file.force if self._dataset.files.manifest else None

    def _note_overlaps(self, checked: _Checked, at: datetime) -> None:
        """Note how much of a delivery of changes the deliveries before it had listed already."""
        if self._dataset.delivery != "changes":
            return
        for name, loader in self._loaders.items():
            if found := overlap(loader, at):
                checked.notes[name] = checked.notes.get(name, {}) | found

    def _store(self, content: Content, name: str, batch_id: int, checked: _Checked) -> str:
        """Archive a file: as delivered or, if it lists erased records, the rows of all others.

        Return the name of the archived file.
        """
        if not checked.erased:
            return self._archive.store(content, name, batch_id)
        with self._archive.writer(f"{batch_id:08d}-{name}.gz") as writer:
            readings = read_tables(content, self._dataset)
            write_remaining(writer, self._dataset, name, readings, checked.erased, content.sha256)
            writer.finish()
        hashes = (content.sha256, writer.sha256)
        record_removed_rows(self._connection, batch_id, hashes, checked.erased, in_normal_form=True)
        return writer.archived_as

    def _take_in(self, content: Content, batch_id: int, at: datetime) -> _Checked:
        """Stage and check the rows of a file.

        If raw has no rows yet and the file is large, the good rows are also inserted.
        """
        if content.size_bytes >= self._plain_from and not self._erased:
            try:
                with self._connection.transaction():
                    return self._stage_and_check(content, (batch_id, at))
            except NotStraight:
                pass
        return self._stage_and_check(content)

    def _stage_and_check(
        self, content: Content, straight: tuple[int, datetime] | None = None
    ) -> _Checked:
        """Copy all tables of a file into the warehouse and check their rows.

        With `straight`, the batch and its moment, rows are loaded straight into a raw table without
        rows.

        Raises:
            NotStraight: With `straight`, the rows cannot be loaded straight after all.
        """
        checked = _Checked({}, {}, {})
        for reading in read_tables(content, self._dataset):
            name = reading.table.name
            loader = self._loaders[name]
            if straight and loader.can_load_straight():
                summary = loader.load_straight(reading, *straight)
            else:
                loader.take(reading, plain=content.size_bytes >= self._plain_from)
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
            if self._dataset.delivery == "full" and (unread := loader.rows_without_key()):
                found["rows_without_key"] = unread
            if found:
                checked.notes[name] = found
            checked.summaries[name] = summary
        return checked

    def _check_delivery(self, checked: _Checked, at: datetime) -> None:
        """Refuse a file with too many rejected rows, and a full delivery without rows.

        With an empty full delivery, every record would count as vanished. If a table is declared
        `may_start_empty`, an empty delivery is allowed as long as raw has no version for the moment
        of this delivery or an earlier one, and always if its manifest says that it has no rows.
        """
        if self._dataset.tolerance.exceeded(checked.rejected, checked.rows):
            raise DeliveryRefused(
                f"{checked.rejected} of {checked.rows} rows break the source contract, which is "
                f"over the tolerance of {self._dataset.tolerance.share:.0%}: "
                f"{self._first_rejected() or f'most often, {self._most_frequent_reason()}'}"
            )
        if self._dataset.delivery != "full":
            return
        for loader in self._loaders.values():
            if not checked.is_empty(loader.table.name):
                continue
            is_listed = self._dataset.files.manifest is not None
            if not loader.table.may_start_empty or (loader.has_rows(at) and not is_listed):
                where = f"sheet {loader.table.sheet}" if loader.table.sheet else "it"
                raise DeliveryRefused(f"{where} has no rows: a full list is never empty")

    def _first_rejected(self) -> str:
        """Return the first rejected row and its reason, if the dataset accepts no rejected row."""
        if self._dataset.tolerance.share:
            return ""
        for loader in self._loaders.values():
            first = self._connection.execute(
                SQL(
                    "select row_number, array_to_string(reasons, '; ') from {}"
                    " where cardinality(reasons) > 0 order by row_number limit 1"
                ).format(checks.checked(loader.table))
            ).fetchone()
            if first is not None:
                return f"first in row {first[0]}: {first[1]}"
        return ""

    def _most_frequent_reason(self) -> str:
        """Return the most frequent reason for which rows of the file were rejected.

        The reason can show, for example, that a whole column has a new type.
        """
        found: Counter[str] = Counter()
        for loader in self._loaders.values():
            found.update(dict(self._connection.execute(checks.reasons_statement(loader.table))))
        return max(found, key=lambda reason: found[reason])

    def _insert(
        self, loader: TableLoader, batch_id: int, at: datetime, export_of: str | None
    ) -> int:
        """Insert new versions and, after a full delivery, tombstones. Return their number.

        If the key of a row cannot be read, there are no tombstones, because the row may belong to
        any record.
        """
        rows_new = loader.insert_delivered(batch_id, at)
        if self._dataset.delivery == "full" and not loader.rows_without_key():
            rows_new += self._insert_vanished(loader, batch_id, at, export_of)
        return rows_new

    def _restore_later_versions(
        self, loader: TableLoader, batch_id: int, at: datetime, export_of: str | None
    ) -> None:
        """After a late full delivery, restore the versions of the next delivery."""
        deliveries = LaterDeliveries(self._settings, loader)
        unnamed = deliveries.unnamed(batch_id, at, deliveries.after(at))
        loader.restore_later_versions(batch_id, at, unnamed, export_of)

    def _insert_vanished(
        self, loader: TableLoader, batch_id: int, at: datetime, export_of: str | None
    ) -> int:
        """Insert tombstones for the records that a full list does not contain. Return their number.

        The export of a force is believed however much vanishes: its manifest proves that it is
        whole, and a warehouse that was rebuilt has few publications.

        Raises:
            LooksEmptied: Most of the known records would vanish.
        """
        vanishing = loader.insert_vanished(batch_id, at, export_of)
        if vanishing and not export_of:
            known = loader.known_before(batch_id, at)
            self._acceptances.check(loader.table.name, known, vanishing)
        return vanishing

    def _has_landed_after(self, at: datetime, export_of: str | None = None) -> bool:
        """Tell whether a delivery for a moment after `at` was landed, of one force if given."""
        return self._latest.get(export_of, at) > at

    def _apply_later_deliveries(self, batch_id: int, at: datetime) -> None:
        """Restore the versions of later deliveries after a late-arriving delivery of changes.

        If a later delivery listed a record unchanged, the delivery added nothing to raw. So raw
        cannot show that the delivery listed the record. Only its archived batch shows this.
        """
        loader = next(iter(self._loaders.values()))
        if not self._has_landed_after(at):
            return
        if keys := loader.keys_changed_late(batch_id, at):
            later = LaterDeliveries(self._settings, loader)
            later.apply(batch_id, later.after(at), keys)

    def _check_listed(
        self, rule: ManifestRule, entry: ManifestEntry, file: DroppedFile, checked: _Checked
    ) -> None:
        """Refuse a file with another number of rows than its manifest says, or of another force.

        Raises:
            DeliveryRefused: The file does not fit its manifest or its name.
        """
        rows = checked.rows
        if rows != entry.rows:
            raise DeliveryRefused(
                f"force {file.force}: it has {rows} rows, and the manifest says {entry.rows}"
            )
        for loader in self._loaders.values():
            foreign = self._connection.execute(
                SQL("select row_number from {} where {} <> %s order by row_number limit 1").format(
                    checks.stage(loader.table), Identifier(rule.force_column)
                ),
                (file.force,),
            ).fetchone()
            if foreign is not None:
                raise DeliveryRefused(f"force {file.force}: row {foreign[0]} is of another force")

    def _refuse(
        self, file: DroppedFile, content: Content, error: DeliveryRefused, listed: _Listed
    ) -> Batch:
        self._report.refused.append((file.name, error.message))
        with self._connection.transaction():
            batch = Batch(
                next_batch_id(self._connection),
                self._dataset.name,
                file.name,
                "file",
                file.delivered_for or file.modified_at,
                status="refused",
                reason=f"{self._dataset.name}: {file.name}: {error.message}.",
                size_bytes=content.size_bytes,
                modified_at=file.modified_at,
                sha256=content.sha256,
                notes={"declaration": listed.terms},
            )
            register(self._connection, batch, self._settings.force_code, self._run_id)
            if isinstance(error, LooksEmptied):
                force, run = self._settings.force_code, self._run_id
                at = batch.delivered_for
                record_refusal(self._connection, force, self._dataset, run, at, error)
        return batch


def _looks_unchanged(known: _EarlierFile, file: DroppedFile, *, is_local: bool) -> bool:
    """Tell, without reading a file, whether it is the same as when it was landed.

    This saves each run from reading years of files. The size and the modification time must be the
    same. A local file also has a change time, which nobody can set. It must be before the landing.
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

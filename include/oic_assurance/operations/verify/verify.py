"""Prove that raw and the archive agree, by reading each archived batch again, row by row.

The rows of a batch are compared inside the warehouse, in one transaction per batch. Verification
takes about as long as landing the batches did. For a full delivery, the warehouse also scans the
keys that were known at the moment of the delivery.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import psycopg
from psycopg.sql import SQL, Composed, Literal

from oic_assurance.batches.archive_reader import (
    ArchivedBatch,
    ArchivedContent,
    UnreadableError,
    archived_batches,
    open_archived,
)
from oic_assurance.batches.archive_store import archive_store
from oic_assurance.batches.archive_writer import archived_files, unnamed_files
from oic_assurance.batches.normal_form import read_archived
from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.archived_extracts import ExtractTable, vanished_keys
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.landing.replayed_rows import ReplayRows
from oic_assurance.operations.verify.differences import Agreement
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import dataset_lock, held
from oic_assurance.warehouse.rows import one_row, one_value

ROLE = "oic_landing"
#: For each batch, at most this many disagreements of one kind are listed one by one.
LISTED = 20
# Records that a batch was compared, and the first thing that did not agree.
_PROVEN = """
insert into audit.archive_proof as known (batch_id, disagreement)
values (%s, %s)
on conflict (batch_id) do update
set proven_at = clock_timestamp(), disagreement = excluded.disagreement
"""


@dataclass(frozen=True)
class Disagreement:
    """One difference between the archive and raw, quarantine or the records in schema `audit`."""

    dataset: str
    message: str
    batch: ArchivedBatch | None = None
    table: str | None = None
    row_number: int | None = None
    key: str | None = None
    #: The archived file that belongs to no batch, if that is the difference.
    file: str | None = None

    def __str__(self) -> str:
        """Return one line: dataset, batch, table, row, key and message."""
        parts = [self.dataset]
        if self.batch is not None:
            parts.append(f"batch {self.batch.batch_id} ({self.batch.source_place})")
        if self.table is not None:
            parts.append(self.table)
        if self.row_number is not None:
            parts.append(f"row {self.row_number}")
        if self.key is not None:
            parts.append(f"key {self.key}")
        return f"{', '.join(parts)}: {self.message}"


class NotCompared(NamedTuple):
    """A batch that could not be compared in full, with the reason.

    For example, the batch was not archived. This does not count as a disagreement.
    """

    batch: ArchivedBatch
    reason: str


@dataclass
class Proof:
    """The result for one dataset: the numbers of batches and rows compared, and disagreements."""

    dataset: str
    batches: int = 0
    rows: int = 0
    #: How many delivered files an erasure has replaced by their remaining rows.
    replaced: int = 0
    not_compared: list[NotCompared] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)


def verify(
    settings: Settings, dataset: str | None = None, batch_id: int | None = None
) -> Iterator[Proof]:
    """Compare raw with one archived batch, the batches of one dataset, or all batches.

    Yields one proof for each dataset. Landing a dataset must wait while it is verified. It is put
    on record when each batch was compared, and what did not agree.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    with connect(settings, role=ROLE, autocommit=True) as connection:
        _prepare(connection)
        batches = archived_batches(connection, settings.force_code, dataset, batch_id)
        chosen = {dataset} if dataset else {batch.dataset for batch in batches}
        if not dataset and batch_id is None:
            chosen |= set(datasets())
        for name in sorted(chosen):
            if name in datasets():
                yield _Verification(settings, connection, datasets()[name]).run(batch_id)
                continue
            why = "its dataset is not declared any more"
            left_out = [NotCompared(batch, why) for batch in batches if batch.dataset == name]
            yield Proof(name, not_compared=left_out)


def _prepare(connection: psycopg.Connection) -> None:
    """Set up the session for reading batches again.

    The session uses the same date format as landing, and the planner looks up keys with an index.
    """
    connection.execute("set datestyle = 'ISO, YMD'")
    connection.execute("set enable_seqscan = off")


@dataclass
class _Verification:
    """The verification of one dataset, on one connection."""

    _settings: Settings
    _connection: psycopg.Connection
    _dataset: Dataset

    def __post_init__(self) -> None:
        self._force = self._settings.force_code
        self._proof = Proof(self._dataset.name)
        self._loaders: dict[str, TableLoader] = {}

    def run(self, batch_id: int | None) -> Proof:
        with held(self._connection, dataset_lock(self._force, self._dataset.name)):
            batches = archived_batches(self._connection, self._force, self._dataset.name, batch_id)
            tables = self._dataset.tables
            missing = [
                table
                for table in tables
                if not raw_table_exists(self._connection, self._dataset, table)
            ]
            if missing:
                if batches:
                    message = "batches were landed, but raw does not have the table"
                    for batch in batches:
                        self._connection.execute(_PROVEN, (batch.batch_id, message))
                    self._proof.disagreements += [
                        Disagreement(self._dataset.name, message, table=one.name) for one in missing
                    ]
                return self._proof
            for table in tables if batches else ():
                # If rows have just been landed, the planner has no statistics about them yet, so
                # the statistics are collected here.
                self._connection.execute(SQL("analyze {}").format(raw_name(self._dataset, table)))
            for batch in batches:
                known = len(self._proof.disagreements)
                with self._connection.transaction():
                    self._verify(batch)
                    found = self._proof.disagreements[known:]
                    first = str(found[0]) if found else None
                    self._connection.execute(_PROVEN, (batch.batch_id, first))
                self._proof.batches += 1
                self._proof.replaced += batch.is_replaced
            if batch_id is None:
                self._find_strays(batches)
        return self._proof

    # ---------------------------------------------------------------- one batch

    def _verify(self, batch: ArchivedBatch) -> None:
        self._count_raw(batch)
        if batch.archived_as is None:
            self._proof.not_compared.append(NotCompared(batch, "it was not archived"))
            return
        try:
            with open_archived(self._settings, batch.archived_as) as content:
                if content.sha256 != batch.sha256:
                    message = "the SHA-256 of the archived content is not the one in audit"
                    self._disagree(batch, message)
                elif batch.is_extract:
                    self._verify_extract(batch, content)
                else:
                    self._verify_file(batch, content)
        except UnreadableError as error:
            self._disagree(batch, error.message)

    def _verify_file(self, batch: ArchivedBatch, content: ArchivedContent) -> None:
        is_present, rows = self._has_present_declaration(batch), 0
        try:
            for reading in read_archived(batch, content, self._dataset):
                loader = self._loader(reading.table)
                loader.take(reading, plain=False)
                rows += loader.check().rows
                self._connection.execute(SQL("analyze {}").format(checks.checked(reading.table)))
                names = self._landed_columns(batch, reading.table)
                self._compare_checked(batch, reading.table, names, is_replay=False)
        except DeliveryRefused as error:
            if is_present:
                message = f"it was landed, but cannot be read again: {error.message}"
                self._disagree(batch, message)
            else:
                why = f"landed under an earlier declaration: {error.message}"
                self._proof.not_compared.append(NotCompared(batch, why))
            return
        self._check_counts(batch, rows)

    def _verify_extract(self, batch: ArchivedBatch, content: ArchivedContent) -> None:
        header = content.header
        if batch.replay_of is not None:
            # The rows of a replay have the row numbers of the original delivery.
            name = header.get("table")
            table = next(table for table in self._dataset.tables if table.name == name)
            replayed = ReplayRows(self._loader(table))
            replayed.load_archived(content)
            replayed.stage(landed_in=batch.batch_id)
            replayed.check()
            names = list(self._dataset.content_columns(table))
            self._compare_checked(batch, table, names, is_replay=True)
            self._proof.rows += batch.row_count or 0
            return
        table = self._dataset.tables[0]
        if header.get("vanished"):
            keys = vanished_keys(content, batch.gaps_of(table.name))
            numbers, listed = [number for number, _ in keys], [key for _, key in keys]
            query = SQL(
                "(select * from unnest({}::bigint[], {}::text[]) as v (row_number, row_key))"
            )
            agreement = Agreement(self._dataset, table, self._force, SQL("null"), table.names)
            vanished = query.format(Literal(numbers), Literal(listed))
            self._compare(batch, table, agreement.vanished(vanished))
            self._check_counts(batch, len(keys))
            return
        extract = ExtractTable(self._connection, self._dataset, table, header)
        rows = extract.fill(content)
        if (header.get("dataset"), header.get("place")) != (batch.dataset, batch.source_place):
            self._disagree(batch, "the first line of the archived extract names another source")
        self._connection.execute(SQL("analyze {}").format(extract.name))
        names = [name for name in self._dataset.content_columns(table) if name in extract.columns]
        agreement = Agreement(self._dataset, table, self._force, extract.rows_query(names), names)
        self._compare(batch, table, agreement.queries())
        self._check_counts(batch, rows)

    def _compare_checked(
        self, batch: ArchivedBatch, table: Table, names: list[str], *, is_replay: bool
    ) -> None:
        """Compare the checked rows of a batch.

        If the rows were landed under an earlier declaration, the warehouse does not record which
        columns a fingerprint covers. If some fingerprints match, they cover the present columns, so
        each fingerprint that does not match is wrong. If none matches, they cover other columns and
        cannot be compared.
        """
        is_present = self._has_present_declaration(batch)
        agreement = Agreement(
            self._dataset,
            table,
            self._force,
            checks.checked(table),
            names,
            with_fingerprint=is_present,
        )
        self._compare(batch, table, agreement.of_replay() if is_replay else agreement.queries())
        if is_present:
            return
        agree, differ = one_row(
            self._connection,
            agreement.fingerprints(),
            {"batch": batch.batch_id, "at": batch.delivered_for},
            what=f"row fingerprints of batch {batch.batch_id}",
        )
        if differ and agree:
            several = table.name if len(self._dataset.tables) > 1 else None
            self._disagree(batch, f"{differ:,} rows of raw have another row_fingerprint", several)
        elif differ:
            why = "its fingerprints cover the columns of an earlier declaration"
            self._proof.not_compared.append(NotCompared(batch, why))

    # ---------------------------------------------------------------- parts

    def _has_present_declaration(self, batch: ArchivedBatch) -> bool:
        return (batch.notes or {}).get("declaration") == self._dataset.fingerprint

    def _landed_columns(self, batch: ArchivedBatch, table: Table) -> list[str]:
        """Return the columns of a table that were landed from a file.

        The batch's note `columns_kept_out` names columns that were not declared when it was landed.
        These columns are null in raw, so they are not compared.
        """
        notes = (batch.notes or {}).get(table.name) or {}
        kept_out = {
            "".join(filter(str.isalnum, str(name).casefold()))
            for name in notes.get("columns_kept_out", ())
        }
        found = []
        for name in self._dataset.content_columns(table):
            base = name.removesuffix("_text").removesuffix("_is_ambiguous")
            if not {"".join(filter(str.isalnum, n)) for n in (name, base)} & kept_out:
                found.append(name)
        return found

    def _loader(self, table: Table) -> TableLoader:
        if table.name not in self._loaders:
            self._loaders[table.name] = TableLoader(
                self._connection, self._dataset, table, self._force
            )
        return self._loaders[table.name]

    def _compare(self, batch: ArchivedBatch, table: Table, queries: list[Composed]) -> None:
        """Run queries, and add a disagreement for each row that they return."""
        several = table.name if len(self._dataset.tables) > 1 else None
        for query in queries:
            limited = SQL(
                "select d.*, count(*) over () from ({}) as d (row_number, row_key, message)"
                " order by 1, 2 limit {}"
            ).format(query, LISTED)
            found = self._connection.execute(
                limited, {"batch": batch.batch_id, "at": batch.delivered_for}
            ).fetchall()
            for row_number, key, message, _ in found:
                self._disagree(batch, message, several, row_number, key)
            if found and found[0][3] > LISTED:
                more = f"and {found[0][3] - LISTED:,} more rows of this kind"
                self._disagree(batch, more, several)

    def _check_counts(self, batch: ArchivedBatch, rows: int) -> None:
        """Compare the row counts in `audit.batch` with the archive and with quarantine."""
        self._proof.rows += rows
        refused, rejected = one_row(
            self._connection,
            """
            select count(*) filter (where row_number is null), count(*)
            from audit.rejected_row where batch_id = %s
            """,
            (batch.batch_id,),
            what=f"count of rejected rows of batch {batch.batch_id}",
        )
        found = rows + batch.gap_count
        erased_refused = 0
        if self._dataset.kind == "database":
            # Rows refused because of their marking have no row number and are not in the archive.
            # If such a row was erased, it cannot be distinguished from other erased rejected rows.
            # So the recorded number of rows may be higher than the number that is found, by at most
            # the number of erased rejected rows.
            found += refused
            erased_refused = batch.erased_rejected
        recorded = batch.row_count or 0
        if not found <= recorded <= found + erased_refused:
            self._disagree(batch, f"audit has {recorded:,} rows, but {found:,} were found")
        rejected += batch.erased_rejected
        if (batch.rows_rejected or 0) != rejected:
            self._disagree(
                batch,
                f"audit has {batch.rows_rejected or 0:,} rejected rows, but quarantine has "
                f"{rejected:,}",
            )

    def _count_raw(self, batch: ArchivedBatch) -> None:
        """Compare the number of new rows in `audit.batch` with the batch's rows in raw."""
        found = batch.erased_raw
        for table in self._dataset.tables:
            # Rows that only restore a version are not counted as new rows of the batch.
            found += one_value(
                self._connection,
                SQL(
                    "select count(*) from {} where force_code = %s and batch_id = %s"
                    " and (row_number is not null or version_at = %s)"
                ).format(raw_name(self._dataset, table)),
                (self._force, batch.batch_id, batch.delivered_for),
            )
        if found != (batch.rows_new or 0):
            self._disagree(
                batch, f"audit has {batch.rows_new or 0:,} new rows, but raw has {found:,}"
            )

    def _find_strays(self, batches: list[ArchivedBatch]) -> None:
        """Find rows of raw whose batch does not exist, and archived files that have no batch."""
        files = archived_files(archive_store(self._settings), self._dataset)
        known = [batch.batch_id for batch in batches]
        for table in self._dataset.tables:
            rows = self._connection.execute(
                SQL(
                    "select batch_id, count(*) from {} where force_code = %s"
                    " and batch_id <> all(%s) group by batch_id order by batch_id"
                ).format(raw_name(self._dataset, table)),
                (self._force, known),
            ).fetchall()
            for batch_id, count in rows:
                message = f"raw has {count:,} rows of batch {batch_id}, but there is no such batch"
                self._proof.disagreements.append(
                    Disagreement(self._dataset.name, message, table=table.name)
                )
        for name in unnamed_files(self._connection, self._dataset, files):
            message = f"the archived file {name} belongs to no batch"
            self._proof.disagreements.append(Disagreement(self._dataset.name, message, file=name))

    def _disagree(
        self,
        batch: ArchivedBatch,
        message: str,
        table: str | None = None,
        row_number: int | None = None,
        key: str | None = None,
    ) -> None:
        self._proof.disagreements.append(
            Disagreement(self._dataset.name, message, batch, table, row_number, key)
        )

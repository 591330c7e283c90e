"""Proof that raw and the kept batches agree: each kept batch is read again, row for row.

A batch is read as landing read it and compared inside the warehouse, a transaction each, so neither
side needs memory for more than a piece of it. It costs about what landing the batches did; a full
list also costs one look at the keys known at its time.
"""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Literal

from oic_assurance.batches.archive import archived_files, unnamed_files
from oic_assurance.batches.archived import (
    ArchivedBatch,
    HashedStream,
    UnreadableError,
    archived_batches,
    number_around_gaps,
    open_archived,
    open_unpacked,
    read_header,
)
from oic_assurance.errors import DeliveryRefused
from oic_assurance.landing import checks
from oic_assurance.landing.extracts import ExtractTable
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.landing.replayed_rows import ReplayRows
from oic_assurance.operations.verify.agreement import Agreement
from oic_assurance.operations.verify.file_agreement import FileAgreement
from oic_assurance.operations.verify.proof import Disagreement, Proof
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.sources.files.dropped import MEMORY_BYTES, Content
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import dataset_lock, held
from oic_assurance.warehouse.rows import one_row, one_value

ROLE = "oic_landing"
#: How many disagreements of one kind in one batch are told one by one.
TOLD = 20


def verify(
    settings: Settings, dataset: str | None = None, batch_id: int | None = None
) -> Iterator[Proof]:
    """Compare raw with the kept batches of one dataset, one batch, or all; a proof a dataset.

    Landing of a dataset waits while it is verified.
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
            why = "its dataset is declared no more"
            yield Proof(name, not_compared=[(one, why) for one in batches if one.dataset == name])


def _prepare(connection: psycopg.Connection) -> None:
    """Read texts as landing does, and find a key's state by the index as landing does."""
    connection.execute("set datestyle = 'ISO, YMD'")
    connection.execute("set jit = off")
    connection.execute("set enable_seqscan = off")


class _Verification:
    """Of one dataset, on one connection."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, dataset: Dataset
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dataset = dataset
        self._force = settings.force_code
        self._proof = Proof(dataset.name)
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
                    what = "batches were landed, and raw does not have the table"
                    self._proof.disagreements += [
                        Disagreement(self._dataset.name, what, table=one.name) for one in missing
                    ]
                return self._proof
            for table in tables if batches else ():
                # What was landed a moment ago the planner does not know of yet.
                self._connection.execute(SQL("analyze {}").format(raw_name(self._dataset, table)))
            for batch in batches:
                with self._connection.transaction():
                    self._verify(batch)
                self._proof.batches += 1
            if batch_id is None:
                self._find_strays(batches)
        return self._proof

    # ---------------------------------------------------------------- one batch

    def _verify(self, batch: ArchivedBatch) -> None:
        self._count_raw(batch)
        if batch.archived_as is None:
            self._proof.not_compared.append((batch, "it was not kept"))
            return
        try:
            if batch.is_extract:
                self._verify_extract(batch, batch.archived_as)
            else:
                self._verify_file(batch, batch.archived_as)
        except UnreadableError as error:
            self._say(batch, error.message)

    def _verify_file(self, batch: ArchivedBatch, kept_as: str) -> None:
        with SpooledTemporaryFile(max_size=MEMORY_BYTES) as copy:
            with open_unpacked(self._settings.home / kept_as) as stream:
                content = HashedStream(stream)
                for chunk in content.chunks():
                    copy.write(chunk)
            if not self._same_bytes(batch, content.sha256):
                return
            copy.seek(0)
            try:
                rows = self._compare_file(batch, Content(copy, content.size_bytes, content.sha256))
            except DeliveryRefused as error:
                if self._is_of_today(batch):
                    self._say(batch, f"it was landed, and cannot be read again: {error.message}")
                else:
                    why = f"landed under an earlier declaration: {error.message}"
                    self._proof.not_compared.append((batch, why))
                return
        self._count_kept(batch, rows)

    def _compare_file(self, batch: ArchivedBatch, content: Content) -> int:
        rows = 0
        for reading in read_tables(content, self._dataset):
            table = reading.table
            loader = self._loader(table)
            loader.stage(number_around_gaps(reading.rows, batch.gaps_of(table.name)))
            rows += loader.check().rows
            self._connection.execute(SQL("analyze {}").format(checks.checked(table)))
            names = self._names_then(batch, table)
            is_of_today = self._is_of_today(batch)
            agreement = FileAgreement(
                self._dataset, table, self._force, checks.checked(table), names,
                with_fingerprint=is_of_today,
            )  # fmt: skip
            self._ask(batch, table, agreement.queries())
            if not is_of_today:
                self._compare_fingerprints(batch, table, agreement)
        return rows

    def _verify_extract(self, batch: ArchivedBatch, kept_as: str) -> None:
        [table] = self._dataset.tables[:1]
        with open_unpacked(self._settings.home / kept_as) as stream:
            header = read_header(stream)
            content = HashedStream(stream)
            if batch.replay_of is not None:
                for _ in content.chunks():
                    pass
                if self._same_bytes(batch, content.sha256):
                    self._compare_replay(batch, kept_as, str(header.get("table")))
                return
            if header.get("vanished"):
                keys = [key for chunk in _lines(content) for key in chunk]
                if self._same_bytes(batch, content.sha256):
                    self._compare_vanished(batch, table, keys)
                return
            extract = ExtractTable(self._connection, self._dataset, table, header)
            try:
                rows = extract.fill(content)
            except UnreadableError:
                if self._same_bytes(batch, content.sha256):
                    raise
                return
        if not self._same_bytes(batch, content.sha256):
            return
        self._check_header(batch, header)
        self._connection.execute(SQL("analyze {}").format(extract.name))
        names = [name for name in self._dataset.content_columns(table) if name in extract.columns]
        agreement = Agreement(self._dataset, table, self._force, extract.rows_query(names), names)
        self._ask(batch, table, agreement.queries())
        self._count_kept(batch, rows)

    def _compare_replay(self, batch: ArchivedBatch, kept_as: str, name: str) -> None:
        """Compare what a replay has landed: its rows have the places of the delivery it mends."""
        table = next(table for table in self._dataset.tables if table.name == name)
        rows = ReplayRows(self._loader(table))
        with open_archived(self._settings, kept_as) as content:
            rows.load_archived(content, kept_as)
        rows.stage(landed_in=batch.batch_id)
        rows.check()
        names = list(self._dataset.content_columns(table))
        is_of_today = self._is_of_today(batch)
        agreement = Agreement(
            self._dataset, table, self._force, checks.checked(table), names,
            with_fingerprint=is_of_today,
        )  # fmt: skip
        self._ask(batch, table, agreement.of_replay())
        if not is_of_today:
            self._compare_fingerprints(batch, table, agreement)
        self._proof.rows += batch.row_count or 0

    def _compare_vanished(self, batch: ArchivedBatch, table: Table, keys: list[str]) -> None:
        rows = number_around_gaps(([0, key] for key in keys), batch.gaps_of(table.name))
        places = [row[0] for row in rows]
        listed = SQL("(select * from unnest({}::bigint[], {}::text[]) as v (row_number, row_key))")
        agreement = Agreement(self._dataset, table, self._force, SQL("null"), table.names)
        self._ask(batch, table, agreement.vanished(listed.format(Literal(places), Literal(keys))))
        self._count_kept(batch, len(keys))

    # ---------------------------------------------------------------- parts

    def _compare_fingerprints(
        self, batch: ArchivedBatch, table: Table, agreement: Agreement
    ) -> None:
        """Compare the fingerprints of a file that was landed under an earlier declaration.

        Nothing says of which columns they were made. One that agrees does: no other columns would
        come to the same.
        """
        agree, differ = one_row(
            self._connection,
            agreement.fingerprints(),
            {"batch": batch.batch_id, "at": batch.delivered_for},
            what=f"row fingerprints of batch {batch.batch_id}",
        )
        if differ and agree:
            several = table.name if len(self._dataset.tables) > 1 else None
            self._say(batch, f"{differ:,} rows of raw have another row_fingerprint", several)
        elif differ:
            why = "its fingerprints are of the columns of an earlier declaration"
            self._proof.not_compared.append((batch, why))

    def _same_bytes(self, batch: ArchivedBatch, sha256: str) -> bool:
        if sha256 == batch.sha256:
            return True
        self._say(batch, "the kept content is not what audit says it is: its SHA-256 differs")
        return False

    def _check_header(self, batch: ArchivedBatch, header: dict[str, Any]) -> None:
        if (header.get("dataset"), header.get("place")) != (batch.dataset, batch.source_place):
            self._say(batch, "the kept extract's first line is about another source")

    def _is_of_today(self, batch: ArchivedBatch) -> bool:
        return (batch.notes or {}).get("declaration") == self._dataset.fingerprint

    def _names_then(self, batch: ArchivedBatch, table: Table) -> list[str]:
        """Return the columns that raw had of a file; those kept out then are null in raw."""
        notes = (batch.notes or {}).get(table.name) or {}
        out = {"".join(filter(str.isalnum, str(name).casefold()))
               for name in notes.get("columns_kept_out", ())}  # fmt: skip
        found = []
        for name in self._dataset.content_columns(table):
            base = name.removesuffix("_text").removesuffix("_is_ambiguous")
            if not {"".join(filter(str.isalnum, n)) for n in (name, base)} & out:
                found.append(name)
        return found

    def _loader(self, table: Table) -> TableLoader:
        if table.name not in self._loaders:
            self._loaders[table.name] = TableLoader(
                self._connection, self._dataset, table, self._force
            )
        return self._loaders[table.name]

    def _ask(self, batch: ArchivedBatch, table: Table, queries: list[Composed]) -> None:
        several = table.name if len(self._dataset.tables) > 1 else None
        for query in queries:
            limited = SQL(
                "select d.*, count(*) over () from ({}) as d (place, row_key, what)"
                " order by 1, 2 limit {}"
            ).format(query, TOLD)
            found = self._connection.execute(
                limited, {"batch": batch.batch_id, "at": batch.delivered_for}
            ).fetchall()
            for place, key, what, _ in found:
                self._say(batch, what, several, place, key)
            if found and found[0][3] > TOLD:
                self._say(batch, f"and {found[0][3] - TOLD:,} more rows of this kind", several)

    def _count_kept(self, batch: ArchivedBatch, rows: int) -> None:
        self._proof.rows += rows
        at_the_door, rejected = one_row(
            self._connection,
            """
            select count(*) filter (where row_number is null), count(*)
            from audit.rejected_row where batch_id = %s
            """,
            (batch.batch_id,),
            what=f"count of rejected rows of batch {batch.batch_id}",
        )
        held = rows + batch.gap_count
        erased_at_the_door = 0
        if self._dataset.kind == "database":
            # What was refused at the door has no place: of an erasure it is among the rejected.
            held += at_the_door
            erased_at_the_door = batch.erased_rejected
        said = batch.row_count or 0
        if not held <= said <= held + erased_at_the_door:
            self._say(
                batch, f"audit says that it had {said:,} rows, and {held:,} are accounted for"
            )
        rejected += batch.erased_rejected
        if (batch.rows_rejected or 0) != rejected:
            self._say(
                batch,
                f"audit says that {batch.rows_rejected or 0:,} rows were rejected, and quarantine "
                f"holds {rejected:,}",
            )

    def _count_raw(self, batch: ArchivedBatch) -> None:
        held = batch.erased_raw
        for table in self._dataset.tables:
            # What a late delivery made necessary to say again is no row that it brought.
            held += one_value(
                self._connection,
                SQL(
                    "select count(*) from {} where force_code = %s and batch_id = %s"
                    " and (row_number is not null or version_at = %s)"
                ).format(raw_name(self._dataset, table)),
                (self._force, batch.batch_id, batch.delivered_for),
            )
        if held != (batch.rows_new or 0):
            self._say(
                batch,
                f"audit says that it brought {batch.rows_new or 0:,} rows to raw, and raw holds "
                f"{held:,}",
            )

    def _find_strays(self, batches: list[ArchivedBatch]) -> None:
        """Find rows of batches that are not there, and kept files that no batch names."""
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
                what = f"raw holds {count:,} rows of batch {batch_id}, and there is no such batch"
                self._proof.disagreements.append(
                    Disagreement(self._dataset.name, what, table=table.name)
                )
        files = archived_files(self._settings, self._dataset)
        for path in unnamed_files(self._connection, self._settings, self._dataset, files):
            what = f"the kept file {path.relative_to(self._settings.home)} belongs to no batch"
            self._proof.disagreements.append(Disagreement(self._dataset.name, what))

    def _say(
        self,
        batch: ArchivedBatch,
        what: str,
        table: str | None = None,
        place: int | None = None,
        key: str | None = None,
    ) -> None:
        self._proof.disagreements.append(
            Disagreement(self._dataset.name, what, batch, table, place, key)
        )


def _lines(content: HashedStream) -> Iterator[list[str]]:
    """Give the keys of a list of vanished ones, a piece at a time."""
    rest = b""
    for chunk in content.chunks():
        *whole, rest = (rest + chunk).split(b"\n")
        yield [line.decode("utf-8", "replace") for line in whole]
    if rest:
        yield [rest.decode("utf-8", "replace")]

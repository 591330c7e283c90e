"""Screens about batches: their list, and the result of verifying them."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime

from oic_assurance.batches.archive_reader import ArchivedBatch, archived_batches
from oic_assurance.batches.archive_store import ARCHIVE, archive_store
from oic_assurance.operations.verify.proof import Proof
from oic_assurance.reporting.screens.layout import NOTHING, count, short_moment, table
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

ROLE = "oic_landing"
NOT_COMPARED_SHOWN = 5


@dataclass(frozen=True)
class ListedBatch:
    """A landed batch, and whether its archived file still exists."""

    batch_id: int
    dataset: str
    kind: str
    source_place: str
    delivered_for: datetime
    landed_at: datetime
    row_count: int
    rows_new: int
    rows_rejected: int
    rows_erased: int
    #: The name of the archived file in the archive. None if nothing was archived.
    archived_as: str | None
    is_in_archive: bool
    replay_of: int | None
    run_id: str


@dataclass(frozen=True)
class BatchList:
    """The newest landed batches, and the number of all landed batches."""

    batches: list[ListedBatch]
    total: int


@dataclass(frozen=True)
class Verification:
    """The result of comparing raw with the archived batches, for each dataset."""

    datasets: list[Proof]

    @property
    def agrees(self) -> bool:
        """Whether raw agrees with every archived batch that was compared."""
        return not any(proof.disagreements for proof in self.datasets)


def read_batches(settings: Settings, dataset: str | None, limit: int) -> BatchList:
    """Return the newest landed batches, at most `limit`, and the number of all landed batches.

    With `dataset`, only batches of that dataset are returned and counted.

    Raises:
        ServerError: The warehouse or the archive cannot be reached.
    """
    with connect(settings, role=ROLE) as connection:
        found = archived_batches(connection, settings.force_code, dataset)
    found.sort(key=lambda batch: -batch.batch_id)
    store = archive_store(settings)
    shown = found[:limit]
    folders = {f"{ARCHIVE}/{batch.dataset}" for batch in shown}
    there = {name for folder in folders for name in store.files(folder)}
    return BatchList([_listed(batch, there) for batch in shown], len(found))


def batches_screen(found: BatchList) -> str:
    """Return a table of batches."""
    if not found.batches:
        return "Nothing has been landed yet.\n"
    head = (
        "batch",
        "dataset",
        "delivered for",
        "rows",
        "new",
        "rejected",
        "archived",
        "place",
        "run",
    )
    lines = table(head, [_row(batch) for batch in found.batches], indent=0)
    if found.total > len(found.batches):
        lines.append(
            f"These are the newest {len(found.batches):,} of {found.total:,} batches: see --limit."
        )
    return "\n".join(lines) + "\n"


def proof_lines(proof: Proof) -> Iterator[str]:
    """Yield the lines about one dataset: the result, followed by each disagreement.

    The last lines name the batches whose rows could not be compared, and say why.
    """
    verdict = "agree" if not proof.disagreements else f"{len(proof.disagreements)} DISAGREE"
    batches = count(proof.batches, "batch", "batches")
    yield f"{proof.dataset:<28} {batches:>13} {count(proof.rows, 'row'):>16}  {verdict}"
    for disagreement in proof.disagreements:
        yield f"  {disagreement}"
    for batch, why in proof.not_compared[:NOT_COMPARED_SHOWN]:
        yield f"  batch {batch.batch_id} ({batch.source_place}): rows not compared: {why}"
    if len(proof.not_compared) > NOT_COMPARED_SHOWN:
        left = len(proof.not_compared) - NOT_COMPARED_SHOWN
        yield f"  and {count(left, 'more batch', 'more batches')} whose rows were not compared"


def _listed(batch: ArchivedBatch, there: Set[str]) -> ListedBatch:
    return ListedBatch(
        batch_id=batch.batch_id,
        dataset=batch.dataset,
        kind=batch.kind,
        source_place=batch.source_place,
        delivered_for=batch.delivered_for,
        landed_at=batch.landed_at,
        row_count=batch.row_count or 0,
        rows_new=batch.rows_new or 0,
        rows_rejected=batch.rows_rejected or 0,
        rows_erased=batch.gap_count,
        archived_as=batch.archived_as,
        is_in_archive=batch.archived_as in there,
        replay_of=batch.replay_of,
        run_id=batch.run_id,
    )


def _row(batch: ListedBatch) -> tuple[str, ...]:
    archived = NOTHING
    if batch.archived_as is not None:
        archived = "yes" if batch.is_in_archive else "MISSING"
        archived += f", {batch.rows_erased} erased" if batch.rows_erased else ""
    return (
        str(batch.batch_id),
        batch.dataset,
        short_moment(batch.delivered_for),
        f"{batch.row_count:,}",
        f"{batch.rows_new:,}",
        f"{batch.rows_rejected:,}",
        archived,
        batch.source_place,
        batch.run_id,
    )

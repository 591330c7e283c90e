"""Batches on the screen: the list of them, and what came of verifying them."""

from collections.abc import Iterator

from oic_assurance.batches.archive_reader import ArchivedBatch, archived_batches
from oic_assurance.operations.verify.proof import Proof
from oic_assurance.reporting.screens.layout import NOTHING, count, short_moment, table
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

ROLE = "oic_landing"
NOT_COMPARED_SHOWN = 5


def batches_screen(settings: Settings, dataset: str | None, limit: int) -> str:
    """Return the landed batches, the newest first."""
    with connect(settings, role=ROLE) as connection:
        found = archived_batches(connection, settings.force_code, dataset)
    if not found:
        return "Nothing has been landed yet.\n"
    found.sort(key=lambda batch: -batch.batch_id)
    head = (
        "batch", "dataset", "delivered for", "rows", "new", "rejected", "archived", "place", "run",
    )  # fmt: skip
    rows = [_row(settings, batch) for batch in found[:limit]]
    lines = table(head, rows, indent=0)
    if len(found) > limit:
        lines.append(f"There are {len(found):,}: see --limit.")
    return "\n".join(lines) + "\n"


def _row(settings: Settings, batch: ArchivedBatch) -> tuple[str, ...]:
    archived = NOTHING
    if batch.archived_as is not None:
        archived = "yes" if (settings.home / batch.archived_as).is_file() else "MISSING"
        archived += f", {batch.gap_count} erased" if batch.gap_count else ""
    return (
        str(batch.batch_id), batch.dataset, short_moment(batch.delivered_for),
        f"{batch.row_count or 0:,}", f"{batch.rows_new or 0:,}", f"{batch.rows_rejected or 0:,}",
        archived, batch.source_place, batch.run_id,
    )  # fmt: skip


def proof_lines(proof: Proof) -> Iterator[str]:
    """Give one line for the dataset, and one for each thing that does not agree."""
    verdict = "agree" if not proof.disagreements else f"{len(proof.disagreements)} DISAGREE"
    batches = count(proof.batches, "batch", "batches")
    yield f"{proof.dataset:<28} {batches:>13} {count(proof.rows, 'row'):>16}  {verdict}"
    for one in proof.disagreements:
        yield f"  {one}"
    for batch, why in proof.not_compared[:NOT_COMPARED_SHOWN]:
        yield f"  batch {batch.batch_id} ({batch.source_place}): rows not compared: {why}"
    if len(proof.not_compared) > NOT_COMPARED_SHOWN:
        left = len(proof.not_compared) - NOT_COMPARED_SHOWN
        yield f"  and {count(left, 'more batch', 'more batches')} whose rows were not compared"

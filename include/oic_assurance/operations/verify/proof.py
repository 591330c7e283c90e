"""The result of comparing raw with the archived batches, with the text of each disagreement."""

from dataclasses import dataclass, field
from typing import NamedTuple

from oic_assurance.batches.archive_reader import ArchivedBatch


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

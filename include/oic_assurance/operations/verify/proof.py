"""What came of holding raw against the kept batches, and how each disagreement is told."""

from dataclasses import dataclass, field

from oic_assurance.batches.archived import ArchivedBatch


@dataclass(frozen=True)
class Disagreement:
    """One thing in which raw and the kept batches do not agree."""

    dataset: str
    what: str
    batch: ArchivedBatch | None = None
    table: str | None = None
    place: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        """Say it on one line: dataset, batch, place, row, what."""
        parts = [self.dataset]
        if self.batch is not None:
            parts.append(f"batch {self.batch.batch_id} ({self.batch.source_place})")
        if self.table is not None:
            parts.append(self.table)
        if self.place is not None:
            parts.append(f"row {self.place}")
        if self.key is not None:
            parts.append(f"key {self.key}")
        return f"{', '.join(parts)}: {self.what}"


@dataclass
class Proof:
    """What was compared of one dataset, and what did not agree."""

    dataset: str
    batches: int = 0
    rows: int = 0
    #: Batches whose bytes hold and whose rows could not be compared, with the reason.
    not_compared: list[tuple[ArchivedBatch, str]] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)

"""What landing a dataset came to."""

from dataclasses import dataclass, field


@dataclass
class LandingReport:
    """What one attempt to land a dataset did."""

    dataset: str
    batches: int = 0
    rows_landed: int = 0
    rows_rejected: int = 0
    #: Deliveries that were refused whole: the file's name and why.
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: What somebody should know and nothing was refused for, such as columns not declared.
    notes: list[str] = field(default_factory=list)

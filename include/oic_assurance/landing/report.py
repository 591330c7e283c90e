"""The result of landing a dataset."""

from dataclasses import dataclass, field


@dataclass
class LandingReport:
    """The result of one attempt to land a dataset."""

    dataset: str
    batches: int = 0
    rows_landed: int = 0
    rows_rejected: int = 0
    #: The refused deliveries, each as its name and the reason.
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: Notes that are not a reason to refuse a delivery, such as undeclared columns.
    notes: list[str] = field(default_factory=list)

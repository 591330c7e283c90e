"""The result of landing a dataset."""

from dataclasses import dataclass, field

from oic_assurance.sources.files.dropped import NotTaken


@dataclass
class LandingReport:
    """The result of one attempt to land a dataset."""

    dataset: str
    batches: int = 0
    rows_landed: int = 0
    rows_rejected: int = 0
    #: Landed records whose marking has risen above the ceiling.
    recalled: int = 0
    #: The refused deliveries, each as its name and the reason.
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: What lies in the folder of the dataset and is not taken as a delivery.
    not_taken: list[NotTaken] = field(default_factory=list)
    #: Notes that are not a reason to refuse a delivery, such as undeclared columns.
    notes: list[str] = field(default_factory=list)

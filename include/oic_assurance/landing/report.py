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
    #: Whether the dataset has to be there. An optional dataset has not, as long as it has no folder
    #: and was never delivered.
    is_expected: bool = True
    #: The name of each refused delivery, and the reason.
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: The files and folders in the dataset's folder that are no deliveries.
    not_taken: list[NotTaken] = field(default_factory=list)
    #: Notes that are not a reason to refuse a delivery, such as undeclared columns.
    notes: list[str] = field(default_factory=list)

"""A case of the file catalogue: an unusual file, and the expected result of landing it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
PERSONNEL, COMPLETIONS = "hr/personnel", "lms/completions"
HYDRA, LOG = "hydra/attendance", "governance/recommendations"

#: For each dataset, the name under which a file is put into the dropzone.
DROPPED_AS = {
    PERSONNEL: "personnel_20260101.csv",
    COMPLETIONS: "completions_20260101.csv",
    HYDRA: "hydra_20260105.xlsx",
    LOG: "recommendation_log.csv",
}
#: The columns of each raw table that are compared with the expected records.
COLUMNS: dict[str, tuple[str, ...]] = {
    "personnel": (
        "collar_no", "employment_type", "role_code", "org_unit_code", "start_date", "leave_date",
        "absence_status",
    ),
    "completion": ("employee_no", "completed_at", "completed_at_is_ambiguous", "score"),
    "hydra_session": ("session_date", "capacity"),
    "hydra_attendance": ("attended", "outcome"),
    "recommendation_event": ("status",),
}  # fmt: skip
PEOPLE = {
    "000123": ("C1", "OFFICER", "RESPONSE", "T1", date(2020, 2, 1), None, None),
    "004567": (None, "STAFF", "CUSTODY", "Café-2", date(2021, 12, 31), date(2026, 1, 10), None),
    "999999": ("C9", "PCSO", None, "T1", date(2019, 3, 4), None, "MATERNITY"),
}
SESSIONS = {"H1": (date(2025, 10, 6), 28), "H2": (date(2025, 10, 13), None)}
ATTENDANCE = {
    "(H1,000123)": ("Y", "PASS"),
    "(H1,004567)": ("N", None),
    "(H2,000123)": ("Y", "REFER"),
}

#: A rejected row: its row number, its key (None if unreadable), and every reason.
Rejected = tuple[int, str | None, list[str]]
Records = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Case:
    """One unusual file, and the expected result of landing it."""

    name: str
    group: str
    dataset: str = PERSONNEL
    #: The function that makes the file's content. None if the content is a file in this folder.
    make: Callable[[], bytes] | None = None
    #: The reason why the whole delivery is refused. None if the delivery is landed.
    refused: str | None = None
    #: The expected `audit.batch.notes` for each raw table.
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    #: The expected records of each raw table. None means the records of the dataset's plain file.
    records: dict[str, Records] | None = None

    @property
    def path(self) -> Path:
        """The path of the file with the content. Only used if `make` is None."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        return ROOT / self.dataset / f"{slug}.csv"

    def content(self) -> bytes:
        """Return the content of the file."""
        return self.make() if self.make else self.path.read_bytes()

    def expected(self) -> dict[str, Records]:
        """Return the expected records of each raw table, by their keys."""
        if self.records is not None:
            return self.records
        if self.dataset == HYDRA:
            return {"hydra_session": SESSIONS, "hydra_attendance": ATTENDANCE}
        return {"personnel": PEOPLE}


def utc(text: str) -> datetime:
    """Return the moment of an ISO string without an offset, which is read as UTC."""
    return datetime.fromisoformat(f"{text}+00:00")

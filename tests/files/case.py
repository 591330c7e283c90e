"""What a case of the catalogue is: a file as it can come, and what must become of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
PERSONNEL, COMPLETIONS = "hr/personnel", "lms/completions"
HYDRA, LOG = "hydra/attendance", "governance/recommendations"

#: The name that a case's file is dropped under.
DROPPED_AS = {
    PERSONNEL: "personnel_20260101.csv",
    COMPLETIONS: "completions_20260101.csv",
    HYDRA: "hydra_20260105.xlsx",
    LOG: "recommendation_log.csv",
}
#: What of the records is compared.
COLUMNS: dict[str, tuple[str, ...]] = {
    "personnel": (
        "collar_no", "employment_type", "role_code", "org_unit_code", "start_date", "leave_date",
        "absence_status",
    ),
    "completion": ("employee_no", "completed_at", "completed_at_is_ambiguous", "score"),
    "hydra_session": ("session_date", "venue", "capacity"),
    "hydra_attendance": ("attended", "outcome"),
    "recommendation_event": ("status", "comment"),
}  # fmt: skip
PEOPLE = {
    "000123": ("C1", "OFFICER", "RESPONSE", "T1", date(2020, 2, 1), None, None),
    "004567": (None, "STAFF", "CUSTODY", "Café-2", date(2021, 12, 31), date(2026, 1, 10), None),
    "999999": ("C9", "PCSO", None, "T1", date(2019, 3, 4), None, "MATERNITY"),
}
SESSIONS = {"H1": (date(2025, 10, 6), "Wootton Hall", 28), "H2": (date(2025, 10, 13), None, None)}
ATTENDANCE = {
    "(H1,000123)": ("Y", "PASS"),
    "(H1,004567)": ("N", None),
    "(H2,000123)": ("Y", "REFER"),
}

#: A rejected row: its place, its key where it can be told, and every reason.
Rejected = tuple[int, str | None, list[str]]
Records = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Case:
    """One kind of file: what it is, how it is made, what must happen."""

    name: str
    group: str
    dataset: str = PERSONNEL
    #: What makes its content; without one it is a file beside this module.
    make: Callable[[], bytes] | None = None
    #: The words with which it is refused whole; None when it lands.
    refused: str | None = None
    #: By raw table what `audit.batch.notes` must say, all of it.
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    #: By raw table the records that land; by default those that each dataset's plain file holds.
    records: dict[str, Records] | None = None

    @property
    def path(self) -> Path:
        """The file that holds it, where nothing makes it."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        return ROOT / self.dataset / f"{slug}.csv"

    def content(self) -> bytes:
        """Return the file's bytes."""
        return self.make() if self.make else self.path.read_bytes()

    def expected(self) -> dict[str, Records]:
        """Return what must have landed."""
        if self.records is not None:
            return self.records
        if self.dataset == HYDRA:
            return {"hydra_session": SESSIONS, "hydra_attendance": ATTENDANCE}
        return {"personnel": PEOPLE}


def utc(text: str) -> datetime:
    """Read a moment in UTC."""
    return datetime.fromisoformat(f"{text}+00:00")

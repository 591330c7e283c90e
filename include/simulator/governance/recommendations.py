"""The recommendation log: the statuses that the force, the Commissioner and HMICFRS reported.

The three parties do not always agree with each other or with the data, so that the demonstration
can show differences between the log and the figures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from oic_assurance.clock import london_day
from simulator.chance import Chance
from simulator.moments import DAY, at, next_weekday

POINTS = ("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING")
# The first meeting of the Accountability Board after the prepared log entries (`_STORY`), which end
# in October 2026. The Board meets every six weeks. This meeting and each later one add an update on
# one point to the log.
NEXT_BOARD = date(2026, 12, 9)
BOARD_EVERY = timedelta(weeks=6)
LAST_BOARD = date(2046, 12, 31)

Line = tuple[date, str, str, str, str]

_STORY: tuple[Line, ...] = (
    *((date(2025, 5, 20), point, "HMICFRS", "TRACKED", "Report published.") for point in POINTS),
    *(
        (
            date(2025, 7, 9),
            point,
            "COMMISSIONER",
            "SUPPORTED",
            "Recommendation supported; reassurance sought from the Chief Constable.",
        )
        for point in POINTS
    ),
    (
        date(2025, 7, 9),
        "NCCU_INTEL",
        "FORCE",
        "IN_PROGRESS",
        "Guidance issued to all response teams.",
    ),
    (
        date(2025, 7, 9),
        "INTEL_PLAN",
        "FORCE",
        "IN_PROGRESS",
        "Author for each strand named.",
    ),
    (
        date(2025, 7, 9),
        "ELEARNING",
        "FORCE",
        "IN_PROGRESS",
        "Launched 1 June; first reminder sent.",
    ),
    (
        date(2025, 10, 1),
        "HYDRA",
        "FORCE",
        "IN_PROGRESS",
        "First sessions held; places are limited.",
    ),
    (
        date(2025, 11, 12),
        "NCCU_INTEL",
        "COMMISSIONER",
        "NOT_ASSURED",
        "About one referral in five is still without its document.\nFigures by team requested; the"
        " Board will return to it.",
    ),
    (
        date(2025, 12, 22),
        "INTEL_PLAN",
        "FORCE",
        "COMPLETE",
        "All three plans written – “share” goes to the Force Executive Board in January.",
    ),
    (
        date(2026, 1, 7),
        "INTEL_PLAN",
        "COMMISSIONER",
        "NOT_ASSURED",
        "The sharing agreement was not approved by the deadline.",
    ),
    (
        date(2026, 2, 18),
        "NCCU_INTEL",
        "FORCE",
        "COMPLETE",
        "Prompt added to the referral form.",
    ),
    (
        date(2026, 2, 18),
        "INTEL_PLAN",
        "COMMISSIONER",
        "ASSURED",
        "Plans, approvals and reviews seen; met, though three weeks late.",
    ),
    (
        date(2026, 4, 1),
        "ELEARNING",
        "FORCE",
        "IN_PROGRESS",
        "Weekly reminders; supervisors given names.",
    ),
    (
        date(2026, 5, 1),
        "HYDRA",
        "FORCE",
        "COMPLETE",
        "Every place offered by 30 April was filled; the rest is booked.",
    ),
    (
        date(2026, 5, 13),
        "HYDRA",
        "COMMISSIONER",
        "NOT_ASSURED",
        "Offering places is not completing the package; target remains 95%.",
    ),
    (
        date(2026, 5, 13),
        "ELEARNING",
        "COMMISSIONER",
        "NOT_ASSURED",
        "Below target on the day.",
    ),
    (
        date(2026, 6, 24),
        "NCCU_INTEL",
        "COMMISSIONER",
        "NOT_ASSURED",
        "Better, but not “every time”.",
    ),
    (
        date(2026, 8, 5),
        "ELEARNING",
        "FORCE",
        "COMPLETE",
        "Target reached.",
    ),
    (
        date(2026, 9, 16),
        "ELEARNING",
        "COMMISSIONER",
        "ASSURED",
        "Reached after the deadline; joiners to be watched.",
    ),
    (
        date(2026, 9, 16),
        "HYDRA",
        "FORCE",
        "IN_PROGRESS",
        "Assessment corrected; two more sessions this year.",
    ),
    (
        date(2026, 10, 28),
        "HYDRA",
        "COMMISSIONER",
        "NOT_ASSURED",
        "A date for the remaining places is asked for.",
    ),
    (
        date(2026, 10, 28),
        "NCCU_INTEL",
        "HMICFRS",
        "OPEN",
        "To be looked at in the next inspection.",
    ),
)
# The updates after the end of `_STORY`. Each meeting gets one of them, in this order. After the
# last update, the first one follows again.
_UPDATES: tuple[tuple[str, str, str, str], ...] = (
    ("NCCU_INTEL", "FORCE", "IN_PROGRESS", "Update given."),
    ("HYDRA", "FORCE", "IN_PROGRESS", "Update given; sessions continue."),
    ("ELEARNING", "FORCE", "COMPLETE", "Joiners are trained within their first months."),
    ("INTEL_PLAN", "FORCE", "COMPLETE", "Yearly review done."),
)


@dataclass(frozen=True)
class LogEntry:
    """One line of the log."""

    at: datetime
    point: str
    party: str
    status: str
    comment: str

    @property
    def written_on(self) -> date:
        """The day on which the team adds the entry to the log: the next working day."""
        return next_weekday(london_day(self.at) + DAY)


class RecommendationLog:
    """The recommendation log as it is on any day."""

    def __init__(self, chance: Chance) -> None:
        rng = chance.stream("recommendation log")
        self._entries = [
            LogEntry(at(day, rng.randint(9 * 60, 16 * 60) / 60), point, party, status, comment)
            for day, point, party, status, comment in (*_STORY, *_later_updates())
        ]
        self._entries.sort(key=lambda entry: (entry.at, entry.point, entry.party))

    def entries_on(self, day: date) -> list[LogEntry]:
        """Return the entries that are in the log on a day."""
        return [entry for entry in self._entries if entry.written_on <= day]

    def changes_on(self, day: date) -> bool:
        """Return whether entries were added on a day."""
        return any(entry.written_on == day for entry in self._entries)


def _later_updates() -> Iterator[Line]:
    board, number = NEXT_BOARD, 0
    while board <= LAST_BOARD:
        yield (board, *_UPDATES[number % len(_UPDATES)])
        board, number = board + BOARD_EVERY, number + 1

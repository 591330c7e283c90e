"""Compare this machine's clock with the server's, and with the newest moment on record."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from oic_assurance.clock import london_text, utc_now
from oic_assurance.warehouse.rows import one_row, relation_exists

#: Differences between two clocks: the one that is worth advice, and the one that is a problem.
#: Clocks that a time server sets differ by less than a second. Airflow's tokens are refused soon
#: after a minute, and freshness and deadlines are counted in minutes.
LITTLE, MUCH = timedelta(seconds=5), timedelta(minutes=1)
#: How often the clocks are read. The quickest answer counts.
READINGS = 3


@dataclass(frozen=True)
class Clocks:
    """What this machine's clock and the server's showed at the same time.

    `newest` is the latest moment at which a run began or a publication was made. None if there is
    none yet.
    """

    ours: datetime
    theirs: datetime
    newest: datetime | None
    #: How far `ours` can be from the moment at which the server read its clock: half the time of
    #: the question and its answer.
    doubt: timedelta = timedelta(0)

    @property
    def apart(self) -> timedelta:
        """How far the two clocks are apart at least. A slow answer is no wrong clock."""
        return max(abs(self.theirs - self.ours) - self.doubt, timedelta(0))

    @property
    def is_behind_the_record(self) -> bool:
        """Tell whether a moment on record is later than now: then a clock was set back since."""
        return self.newest is not None and self.newest > self.ours + LITTLE

    @property
    def fault(self) -> str | None:
        """Return in words what is wrong, or None if the clocks agree within `MUCH`."""
        if self.apart > MUCH:
            word = "behind" if self.ours < self.theirs else "ahead of"
            return (
                f"this machine's clock is {self.apart.total_seconds():.0f} seconds {word} the "
                f"server's: {london_text(self.ours)} here, {london_text(self.theirs)} there"
            )
        if self.newest is not None and self.is_behind_the_record:
            return (
                f"the clock was set back: it is {london_text(self.ours)}, and the last run or "
                f"publication on record is of {london_text(self.newest)}"
            )
        return None


def read_clocks(warehouse: psycopg.Connection) -> Clocks:
    """Return what both clocks show. `warehouse` is a session with the role `oic_gate`."""
    readings = []
    for _ in range(READINGS):
        began = utc_now()
        (theirs,) = one_row(warehouse, "select clock_timestamp()", what="clock")
        doubt = (utc_now() - began) / 2
        readings.append((doubt, began + doubt, theirs))
    (doubt, ours, theirs), newest = min(readings), None
    if relation_exists(warehouse, "marts.publication"):
        (newest,) = one_row(
            warehouse,
            "select greatest((select max(started_at) from audit.run), "
            "(select max(published_at) from marts.publication))",
            what="newest moment",
        )
    return Clocks(ours, theirs, newest, doubt)

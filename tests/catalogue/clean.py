"""Count false alarms: run clean days one after another through the gate.

The simulated force has the usual bad data that the contracts allow, for example officer numbers
that nobody has, invalid gradings, and documents that name no referral. Its deliveries have no
serious faults: on each day when a file is due, a complete file arrives. So every failed check with
a severity above `info` is a false alarm.

After the clean days, the great days can be run (`tests.catalogue.great`). On none of them may the
build wait for a person.
"""

import gc
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from oic_assurance.clock import london_day
from oic_assurance.errors import AssuranceError
from simulator.delivery import drops
from tests.catalogue import great
from tests.databases import administrator
from tests.year.days import Day
from tests.year.force import Force

#: The first day and the number of days. The days include a clock change and two month ends, and the
#: last day is a deadline.
FIRST = date(2026, 3, 2)
DAYS = 60
#: How long before the first day the force's records begin. Without earlier records, some records
#: would refer to records that do not exist.
PAST = timedelta(days=120)
MOST_WARNINGS = 2

_FAILED = """
select stage, suite, expectation, severity
from audit.latest_expectation_result
where build_id = (select max(build_id) from audit.build where purpose = 'daily') and not success
"""


@dataclass(frozen=True)
class Alarm:
    """A check that failed on a clean day."""

    day: str
    stage: str
    suite: str
    check: str
    severity: str


class _EventfulForce(Force):
    """A force that has great days, every second day from a given day on."""

    def __init__(self, home: Path, first: date, first_great: date) -> None:
        super().__init__(home, first)
        self._first_great = first_great

    def _publish(self, run_id: str, as_at: datetime, now: datetime) -> int:
        # `publish_day` has just simulated the force until the morning of the day. Changes made
        # before that would be lost, because a simulation writes the rows and files of earlier days
        # again.
        great.happen(self.settings, self._first_great, london_day(as_at))
        return super()._publish(run_id, as_at, now)


def days(count: int) -> list[date]:
    """Return the first `count` clean days."""
    return [FIRST + timedelta(days=n) for n in range(count)]


def run_days(
    root: Path, count: int, *, with_great: bool = False
) -> Iterator[tuple[date, list[Alarm]]]:
    """Run clean days, and the great days after them if `with_great` is true.

    Yield each day with the checks that failed.

    The results of days that were run by an earlier start of the program are read from a file and
    yielded first.
    """
    ledger = root / "clean.jsonl"
    done = [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []
    known = {one["day"]: [Alarm(**alarm) for alarm in one["alarms"]] for one in done}
    first_great = FIRST + timedelta(days=count)
    wanted = days(count + (2 * len(great.GREAT) if with_great else 0))
    yield from ((day, known[str(day)]) for day in wanted if str(day) in known)
    waiting = [day for day in wanted if str(day) not in known]
    if not waiting:
        return
    # The simulator makes serious faults in deliveries only until the day `TEETHING_UNTIL`. This
    # date is before all simulated days, so it makes none.
    drops.TEETHING_UNTIL = date.min
    force = _EventfulForce(root / "state", FIRST - PAST, first_great)
    # dbt and Great Expectations create millions of objects that stay in memory. They make Python's
    # garbage collection slow, so the collection runs only once after each day.
    gc.disable()
    try:
        force.start()
        for day in waiting:
            if day >= first_great:
                great.use_usual_forms()
            alarms = _run_day(force, day)
            with ledger.open("a") as file:
                line = {"day": str(day), "alarms": [vars(alarm) for alarm in alarms]}
                file.write(json.dumps(line) + "\n")
            yield day, alarms
            gc.collect()
    finally:
        gc.enable()
        force.stop()


def _run_day(force: Force, day: date) -> list[Alarm]:
    """Publish a day and return the failed checks as alarms.

    If the day's build was not published although no critical check failed, for example because it
    waits for a person, the reason is one more alarm.
    """
    blocked = None
    try:
        force.publish_day(Day(day))
    except AssuranceError as error:
        blocked = error.message
    with administrator(force.settings) as warehouse:
        alarms = [Alarm(str(day), *row) for row in warehouse.execute(_FAILED).fetchall()]
    if blocked and not any(alarm.severity == "critical" for alarm in alarms):
        alarms.append(Alarm(str(day), "publication", "run", blocked, "critical"))
    return alarms


def table(alarms: Iterable[Alarm], count: int) -> str:
    """Return the number of days, and the failed checks of each severity, as lines of text."""
    counts = Counter((one.severity, f"{one.suite} {one.check}") for one in alarms)
    lines = [f"{count} clean days"]
    for severity in ("critical", "warning", "info"):
        of_it = {check: n for (kind, check), n in counts.items() if kind == severity}
        lines.append(f"{severity:10}{sum(of_it.values()):4}")
        lines += [f"    {n:3} x {check}" for check, n in sorted(of_it.items())]
    return "\n".join(lines)


def is_acceptable(alarms: Iterable[Alarm]) -> bool:
    """Return whether there are no critical alarms and at most two warnings.

    If the same check warns on several days in a row, this is one warning, because people are
    notified only on the first of these days.
    """
    every = list(alarms)
    standing = {
        (str(date.fromisoformat(one.day) + timedelta(days=1)), one.suite, one.check)
        for one in every
        if one.severity == "warning"
    }
    begun = [
        one
        for one in every
        if one.severity == "warning" and (one.day, one.suite, one.check) not in standing
    ]
    return len(begun) <= MOST_WARNINGS and not any(one.severity == "critical" for one in every)

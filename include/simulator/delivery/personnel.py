"""The personnel file: all members and leavers that HR had keyed in before the file's day.

There is a file for each day from `Period.daily_since` on. Before that day, there is a file for each
Monday.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from simulator.chance import Chance
from simulator.delivery import text
from simulator.delivery.drops import Drop, Export, drops_of
from simulator.delivery.forms import TextForm, text_form
from simulator.moments import DAY, MONDAY, days
from simulator.people.person import Person, Posting
from simulator.period import Period

DATASET = "hr/personnel"
COLUMNS = (
    "employee_no",
    "collar_no",
    "employment_type",
    "rank_grade",
    "role_code",
    "org_unit_code",
    "start_date",
    "leave_date",
    "absence_status",
)
EXPORTED_AT = 3.2
ERRORS_A_MONTH = 3.0
ERROR_KINDS = {
    "blank number": 0.18,
    "employment type": 0.22,
    "start date": 0.2,
    "absence": 0.2,
    "twice": 0.1,
    "repeated": 0.1,
}

Row = tuple[text.Cell, ...]


def row_on(person: Person, day: date) -> Row | None:
    """Return a person's row in a day's file, or None if the file does not list the person yet.

    The row shows only what HR had keyed into its system before that day.
    """
    posting = _keyed_posting(person, day)
    if posting is None:
        return None
    leave = person.left if _keyed(person.left_keyed_on, day) else None
    return (
        person.employee_no,
        posting.collar,
        posting.employment_type,
        posting.rank,
        posting.role,
        posting.unit,
        person.joined,
        leave,
        _keyed_absence(person, day),
    )


def _keyed(keyed_on: date | None, day: date) -> bool:
    return keyed_on is not None and keyed_on < day


def _keyed_posting(person: Person, day: date) -> Posting | None:
    known = [posting for posting in person.postings if _keyed(posting.keyed_on, day)]
    started = [posting for posting in known if posting.since <= day]
    if started:
        return started[-1]
    # The file lists a new member as soon as HR has keyed in the first posting, even before the
    # first day of service.
    return person.postings[0] if known and known[0] is person.postings[0] else None


def _keyed_absence(person: Person, day: date) -> str:
    for absence in person.absences:
        over = absence.until <= day and _keyed(absence.return_keyed_on, day)
        if absence.since <= day and _keyed(absence.keyed_on, day) and not over:
            return absence.kind
    return ""


class Ledger:
    """The rows of the personnel file of any day.

    `rows_on` is fast if it is called for consecutive days in order: it then computes only the rows
    of people for whom something has changed since the day before.
    """

    def __init__(self, people: list[Person]) -> None:
        self._people = people
        self._changing: dict[date, list[Person]] = defaultdict(list)
        for person in people:
            for day in _days_of_change(person):
                self._changing[day].append(person)
        self._rows: dict[str, Row] = {}
        self._day: date | None = None

    def rows_on(self, day: date) -> list[Row]:
        """Return the rows of a day, sorted by employee number."""
        if self._day is None or day < self._day:
            self._rows = {}
            self._refresh(self._people, day)
        else:
            for between in days(self._day + DAY, day):
                self._refresh(self._changing.get(between, []), day)
        self._day = day
        return [self._rows[number] for number in sorted(self._rows)]

    def _refresh(self, people: list[Person], day: date) -> None:
        for person in people:
            row = row_on(person, day)
            if row is not None:
                self._rows[person.employee_no] = row


def _days_of_change(person: Person) -> Iterator[date]:
    for posting in person.postings:
        yield posting.since
        yield posting.keyed_on + DAY
    for absence in person.absences:
        yield from (absence.since, absence.keyed_on + DAY)
        yield from (absence.until, absence.return_keyed_on + DAY)
    if person.left_keyed_on is not None:
        yield person.left_keyed_on + DAY


@dataclass(frozen=True)
class HrError:
    """An error in a person's row.

    The files of all days from `since` until the day before `until` contain the error. `kind` is a
    key of `ERROR_KINDS`.
    """

    employee_no: str
    since: date
    until: date
    kind: str


def hr_errors(chance: Chance, founders: list[Person], first: date, last: date) -> list[HrError]:
    """Return the errors in the personnel files of a range of days."""
    errors = []
    month = first.replace(day=1)
    while month <= last:
        rng = chance.stream("hr slips", month.year, month.month)
        for _ in range(rng.poisson(ERRORS_A_MONTH)):
            since = month + rng.randint(0, 27) * DAY
            until = since + rng.randint(1, 9) * DAY
            errors.append(
                HrError(rng.one_of(founders).employee_no, since, until, rng.weighted(ERROR_KINDS))
            )
        month = (month + 32 * DAY).replace(day=1)
    return errors


def _with_errors(rows: list[Row], errors: list[HrError]) -> list[Row]:
    kinds = {error.employee_no: error.kind for error in errors}
    result: list[Row] = []
    for row in rows:
        kind = kinds.get(str(row[0]))
        if kind is None:
            result.append(row)
        elif kind == "repeated":
            result += [row, row]
        elif kind == "twice":
            result += [row, (*row[:4], "RESPONSE", *row[5:8], "CAREER_BREAK")]
        else:
            place, value = {
                "blank number": (0, ""),
                "employment type": (2, "CONTRACTOR"),
                "start date": (6, "TBC"),
                "absence": (8, "SICK"),
            }[kind]
            result.append((*row[:place], value, *row[place + 1 :]))
    return result


def drops(
    chance: Chance, people: list[Person], founders: list[Person], period: Period
) -> list[Drop]:
    """Return the personnel files that can be dropped in a period."""
    ledger = Ledger(people)
    due = period.due_days()
    errors = hr_errors(chance, founders, due[0] - 40 * DAY, period.end)
    found: list[Drop] = []
    for day in due:
        if day.weekday() == MONDAY or day >= period.daily_since:
            export = _export(chance, ledger, errors, day)
            found += drops_of(chance, export, safe=day <= period.first)
    return found


def _export(chance: Chance, ledger: Ledger, errors: list[HrError], day: date) -> Export:
    name = f"personnel_{day:%Y%m%d}.csv"
    form = text_form(chance, DATASET, name)
    current = [error for error in errors if error.since <= day < error.until]

    def content(form: TextForm = form) -> bytes:
        rows = _with_errors(ledger.rows_on(day), current)
        return text.render(form, COLUMNS, rows, f"Establishment list – {day:%d/%m/%Y}")

    def hurried() -> bytes:
        return content(TextForm("hurried", newline="\r\n", dates="%d/%m/%Y", lost_zeros=True))

    return Export(DATASET, day, name, EXPORTED_AT, form.name, content, hurried)

"""The truth about the simulated force, which the pipeline never reads.

The truth is one gzipped JSON file, `truth.json.gz`. Tests compute every figure a second time from
it. It has these sections:

- `force`: the seed, the size as a multiple of Northamptonshire, the first simulated day (`epoch`),
  the first and last visible day, and the first day of daily personnel files.
- `people`: employee number, first day, last day in post (`left`), and when HR keyed the departure
  into its system. `postings` have the first day, the post, the unit, the collar number and the day
  of keying. `absences` have the kind, the first day, the first day back (`until`) and the days of
  keying. A day's personnel file shows what HR had keyed before that day.
- `hr_slips`: errors in the personnel files of the days from `since` until the day before `until`.
- `org_units`: code, name, kind, and `parents` as pairs of first day and parent unit.
- `tables`: the records of each source table, without narratives and source identities. The fields
  of a record are listed below.
- `learning`: what the learning management system logged, and when. `slip` names the cell that has
  an error.
- `sessions`, `attendances`: the Hydra sessions and bookings. A booking has its entry error and the
  day after which its outcome is listed.
- `plans`, `milestones`, `recommendations`: the registers, with the day from which each line is
  listed.
- `board_questions`, `board_actions`: the Board's log on the last day.
- `files`: every dropped file in the order of the drops, with dataset, name, moment, form, and fault
  (`trouble`).

A record of a source table has these fields:

- `key`: the primary key.
- `seen_at`: when the record was committed.
- `row`: the row as it was inserted.
- `changes`: pairs of a commit time and the changed columns, which include `updated_at`.
- `removed_at`: when the row was hard-deleted, or null.
- `about`: what the columns do not show. `person` is the officer's employee number, even if the row
  has a wrong collar number. A report has `why`: the outcome that was drawn for it, such as `LATE`,
  or `EVERYDAY` if no referral requires it. A document that follows a referral has the `referral`.
  `slip` names the column that has an entry error.

The file contains only what had happened by the last day. Moments are in UTC, as ISO 8601.
"""

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

from simulator.databases import visible
from simulator.delivery.drops import Drop
from simulator.delivery.personnel import hr_errors
from simulator.moments import DAY
from simulator.organisation.units import units_on
from simulator.people.person import Person
from simulator.period import Period
from simulator.records import Record, Values
from simulator.tables import TABLES
from simulator.world import World

FILE = "truth.json.gz"
FORMAT = 1
# The fields that have one name in the code and another name in the truth file (format 1).
FORMAT_NAMES = {"entry_error": "slip", "entry_error_until": "slip_until"}


def write(folder: Path, world: World, period: Period, drops: list[Drop]) -> Path:
    """Write the truth about all visible records up to the end of a period. Return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_truth(world, period, drops), default=_plain, separators=(",", ":"))
    path, draft = folder / FILE, folder / f"{FILE}.part"
    # By default, gzip stores the time of writing. `mtime=0` omits the time, so that the same truth
    # always has the same bytes.
    draft.write_bytes(gzip.compress(text.encode(), compresslevel=1, mtime=0))
    draft.replace(path)
    return path


def read(folder: Path) -> dict[str, list[Values]]:
    """Return the sections of the truth file, keyed by name. Most sections are lists of records."""
    with gzip.open(folder / FILE, "rt", encoding="utf-8") as stream:
        truth: dict[str, list[Values]] = json.load(stream)
    return truth


def _truth(world: World, period: Period, drops: list[Drop]) -> Values:
    end = period.end
    errors = hr_errors(world.chance, world.careers.founders, period.first - 40 * DAY, end)
    return {
        "format": FORMAT,
        "force": {
            "seed": world.chance.seed,
            "size": world.size,
            "epoch": world.epoch,
            "first": period.first,
            "last": end,
            "personnel_daily_since": period.daily_since,
        },
        "people": [_person(person, end) for person in world.careers.people if _known(person, end)],
        "hr_slips": [asdict(error) for error in errors if error.since <= end],
        "org_units": [
            {"code": u.code, "name": u.name, "kind": u.kind, "parents": u.parents}
            for u in units_on(end)
        ],
        "tables": {
            table.full_name: list(_records(visible(world.store.records_of(name), period), period))
            for name, table in TABLES.items()
        },
        "learning": [asdict(event, dict_factory=_named) for event in world.learning],
        "sessions": [asdict(session) for session in world.sessions],
        "attendances": [asdict(one, dict_factory=_named) for one in world.attendances],
        "plans": [asdict(plan) for plan in world.plans.states_until(end)],
        "milestones": [asdict(milestone) for milestone in world.plans.milestones_on(end)],
        "recommendations": [asdict(entry) for entry in world.recommendations.entries_on(end)],
        "board_questions": [asdict(one) for one in world.board.questions_on(end)],
        "board_actions": [asdict(line) for line in world.board.actions_on(end)],
        "files": [
            {
                "dataset": drop.dataset,
                "name": drop.name,
                "dropped_at": drop.dropped_at,
                "form": drop.form,
                "trouble": drop.fault,
            }
            for drop in drops
        ],
    }


def _known(person: Person, end: date) -> bool:
    return person.joined <= end or person.postings[0].keyed_on <= end


def _person(person: Person, end: date) -> Values:
    """Return a person's career up to the day `end`.

    A departure after that day is included if HR has keyed it by then.
    """
    is_leaver = person.left is not None and (
        person.left <= end or (person.left_keyed_on is not None and person.left_keyed_on <= end)
    )
    first, *later = person.postings
    return {
        "employee_no": person.employee_no,
        "joined": person.joined,
        "left": person.left if is_leaver else None,
        "left_keyed_on": person.left_keyed_on if is_leaver else None,
        "postings": [asdict(posting) for posting in (first, *later) if posting.since <= end]
        or [asdict(first)],
        "absences": [asdict(absence) for absence in person.absences if absence.since <= end],
    }


def _records(records: Iterable[Record], period: Period) -> Iterable[Values]:
    end = period.ends_at
    for record in records:
        if record.committed_at >= end:
            continue
        changes = [change for change in record.changes if change.committed_at < end]
        withheld = record.table.never_extracted
        yield {
            "key": record.key,
            "seen_at": record.committed_at,
            "row": {name: cell for name, cell in record.first.items() if name not in withheld},
            "changes": [
                (change.committed_at, {**change.values, "updated_at": change.at})
                for change in changes
            ],
            "removed_at": record.removed_at if record.is_removed(end) else None,
            "about": _named(record.about.items()),
        }


def _named(fields: Iterable[tuple[str, object]]) -> Values:
    """Return the fields, renamed as in the truth file."""
    return {FORMAT_NAMES.get(name, name): value for name, value in fields}


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"The truth cannot hold a {type(value).__name__}.")

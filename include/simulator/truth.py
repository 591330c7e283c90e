"""The truth that the simulator knows and the pipeline never reads.

One gzipped JSON file, `truth.json.gz`, for tests that compute every figure a second way:

- `force`: seed, epoch, first and last day shown, and the day from which personnel files are daily.
- `people`: employee_no, joined, left (last day in post) and when that was keyed; `postings` (since,
  employment_type, rank, role, unit, collar, keyed_on); `absences` (kind, since, until = first day
  back, and when each was keyed). The personnel file of day D shows what was keyed before D.
- `hr_slips`: rows that are wrong in the personnel files of the days from `since`, before `until`.
- `org_units`: code, name, kind, `parents` as pairs of first day and unit above.
- `tables`: of each source table its records: `key`, `seen_at` (committed), `row` as entered,
  `changes` as pairs of commit and changed columns (`updated_at` among them), `removed_at` when
  hard-deleted, and `about`: the true `person`; of a document `why` it is as it is and which
  `referral` it is for; `slip`, the column whose value is off its code list. Narratives and source
  identities are left out.
- `learning`: what the learning system logged, and when; `slip` names a cell that is wrong.
- `sessions`, `attendances`: Hydra, with the day from which an outcome shows, and wrong rows.
- `plans`, `milestones`, `recommendations`: the registers, with the day from which each line shows.
- `files`: everything dropped, in its order: dataset, name, moment, form, trouble.

Only what had happened by the last day is told. Moments are ISO 8601 in UTC.
"""

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

from simulator.databases import shown
from simulator.delivery.drops import Drop
from simulator.delivery.personnel import hr_slips
from simulator.moments import DAY
from simulator.organisation.units import units_on
from simulator.people.person import Person
from simulator.period import Period
from simulator.records import Record, Values
from simulator.tables import TABLES
from simulator.world import World

FILE = "truth.json.gz"
FORMAT = 1


def write(folder: Path, world: World, period: Period, drops: list[Drop]) -> Path:
    """Write the truth about everything that is shown until the end of a period."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_truth(world, period, drops), default=_plain, separators=(",", ":"))
    path, half = folder / FILE, folder / f"{FILE}.part"
    # The moment of writing is left out, for the same bytes every time.
    half.write_bytes(gzip.compress(text.encode(), compresslevel=1, mtime=0))
    half.replace(path)
    return path


def read(folder: Path) -> dict[str, list[Values]]:
    """Read the truth again, as it was written."""
    with gzip.open(folder / FILE, "rt", encoding="utf-8") as stream:
        truth: dict[str, list[Values]] = json.load(stream)
    return truth


def _truth(world: World, period: Period, drops: list[Drop]) -> Values:
    end = period.end
    slips = hr_slips(world.chance, world.careers.founders, period.first - 40 * DAY, end)
    return {
        "format": FORMAT,
        "force": {
            "seed": world.chance.seed,
            "epoch": world.epoch,
            "first": period.first,
            "last": end,
            "personnel_daily_since": period.daily_since,
        },
        "people": [_person(person, end) for person in world.careers.people if _known(person, end)],
        "hr_slips": [asdict(slip) for slip in slips if slip.since <= end],
        "org_units": [
            {"code": u.code, "name": u.name, "kind": u.kind, "parents": u.parents}
            for u in units_on(end)
        ],
        "tables": {
            table.full_name: list(_records(shown(world.store.of(name), period), period))
            for name, table in TABLES.items()
        },
        "learning": [asdict(event) for event in world.learning],
        "sessions": [asdict(session) for session in world.sessions],
        "attendances": [asdict(one) for one in world.attendances],
        "plans": [asdict(plan) for plan in world.plans.states_until(end)],
        "milestones": [asdict(milestone) for milestone in world.plans.milestones_on(end)],
        "recommendations": [asdict(entry) for entry in world.recommendations.entries_on(end)],
        "files": [
            {
                "dataset": drop.dataset,
                "name": drop.name,
                "dropped_at": drop.dropped_at,
                "form": drop.form,
                "trouble": drop.trouble,
            }
            for drop in drops
        ],
    }


def _known(person: Person, end: date) -> bool:
    return person.joined <= end or person.postings[0].keyed_on <= end


def _person(person: Person, end: date) -> Values:
    """Return a career as far as it is lived or keyed."""
    told = person.left is not None and (
        person.left <= end or (person.left_keyed_on is not None and person.left_keyed_on <= end)
    )
    first, *later = person.postings
    return {
        "employee_no": person.employee_no,
        "joined": person.joined,
        "left": person.left if told else None,
        "left_keyed_on": person.left_keyed_on if told else None,
        "postings": [asdict(posting) for posting in (first, *later) if posting.since <= end]
        or [asdict(first)],
        "absences": [asdict(absence) for absence in person.absences if absence.since <= end],
    }


def _records(records: Iterable[Record], period: Period) -> Iterable[Values]:
    end = period.ends_at
    for record in records:
        if record.seen_at >= end:
            continue
        changes = [change for change in record.changes if change.seen_at < end]
        secret = record.table.never_extracted
        yield {
            "key": record.key,
            "seen_at": record.seen_at,
            "row": {name: cell for name, cell in record.first.items() if name not in secret},
            "changes": [
                (change.seen_at, {**change.values, "updated_at": change.at}) for change in changes
            ],
            "removed_at": record.removed_at if record.is_gone(end) else None,
            "about": record.about,
        }


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in the truth")

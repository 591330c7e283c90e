"""The second step of a world: the rows and files of the sources one day after the first step."""

from __future__ import annotations

import random
from copy import deepcopy
from datetime import datetime, timedelta

from .clock import midnight
from .courses import Event, completion_file, hydra_file
from .events import LAST, Events
from .governance import log, register
from .model import KEYS, Delivery, Row, Step
from .people import Career, personnel_file
from .span import END, random_style


def next_step(rng: random.Random, first: Step, careers: list[Career]) -> Step:
    """Make the second step of a world, one day after the first.

    Some rows of the first step are corrected or deleted, late and new rows are added, and the day's
    files are dropped.
    """
    tables = {name: [dict(row) for row in rows] for name, rows in first.tables.items()}
    _correct(rng, tables)
    _add(rng, tables, careers)
    for name in ("intel.dissemination", "rms.custody_record"):
        tables[name].pop(0)  # a hard delete
    return Step(tables, _files(rng, first, careers))


def _when(rng: random.Random) -> datetime:
    """Draw the moment of a change. Some moments are shortly before the last change of step 0."""
    return LAST + timedelta(minutes=rng.choice((-2, 30, 300, 900)), seconds=rng.randint(1, 50))


def _correct(rng: random.Random, tables: dict[str, list[Row]]) -> None:
    """Update a tenth of all rows."""
    for name, rows in tables.items():
        for row in rng.sample(rows, max(1, len(rows) // 10)):
            when = _when(rng)
            if row["updated_at"] >= when:
                continue
            row["updated_at"] = when
            _edit(rng, name, row, when)


def _edit(rng: random.Random, name: str, row: Row, when: datetime) -> None:
    draw = rng.random()
    if draw < 0.2:
        row["deleted_at"] = when
    elif draw < 0.3:
        row["deleted_at"] = None
    elif name == "intel.report":
        if row["submitted_at"] is None:
            row["submitted_at"] = when
        row["status"] = rng.choice(("SUBMITTED", "RETURNED", "SUBMITTED"))
        row["handling_code"] = rng.choice((row["handling_code"], "P", "C"))
    elif name == "rms.nccu_referral":
        row["contacted_at"] -= timedelta(hours=rng.choice((0, 1, 24)))
        row["referral_type"] = rng.choice(("IMMIGRATION_CRIME", "STATUS_CHECK"))
    elif name == "rms.occurrence":
        row["status"] = rng.choice(("CANCELLED", "OPEN"))
        row["is_oic"] = not row["is_oic"]
    elif name == "rms.custody_record":
        row["detention_reason_code"] = rng.choice(("IMMIGRATION", "THEFT"))


def _add(rng: random.Random, tables: dict[str, list[Row]], careers: list[Career]) -> None:
    """Add new rows: late documents for old referrals, and new referrals."""
    events = Events(rng, careers, 0.8)
    events.tables = tables
    before = {name: {id(row) for row in rows} for name, rows in tables.items()}
    for about in rng.sample(tables["rms.nccu_referral"], 6):
        number = about["reporting_officer_no"]
        events.document(about["occurrence_ref"], [number], [about], about["contacted_at"])
    for _ in range(4):
        when = LAST - timedelta(hours=rng.randint(1, 30))
        row = events.referral(None, events.number(when), when)
        events.document(None, [row["reporting_officer_no"]], [row], when)
    for name, rows in tables.items():
        highest = max(row.get(KEYS[name], 0) for row in rows)
        for row in rows:
            if id(row) in before[name]:
                continue
            highest += 1
            row[KEYS[name]] = highest
            row["updated_at"] = _when(rng)
            row["created_at"] = min(row["created_at"], row["updated_at"])
            row["deleted_at"] = None


def _files(rng: random.Random, first: Step, careers: list[Career]) -> list[Delivery]:
    """Make the day's files, and two files for earlier days.

    One of the two is a late file of completions. The other is an earlier personnel file, written
    again in another random form.
    """
    day = END + timedelta(days=1)
    files = [personnel_file(careers, day, random_style(rng))]
    files.append(personnel_file(careers, END - timedelta(days=33), random_style(rng)))
    completions = [d for d in first.files if d.dataset == "lms/completions"]
    events = [(END, dict(row)) for d in completions[-9:] for row in d.sheets[""][:4]]
    files.append(completion_file(events, END, day, rng))
    late = completion_file(_late_events(rng, completions), END, day, rng)
    late.name = f"completions_{END - timedelta(days=45):%Y%m%d}.csv"
    late.version_time = midnight(END - timedelta(days=45))
    files.append(late)
    hydra = [d for d in first.files if d.dataset == "hydra/attendance"][-1]
    attendance = deepcopy(hydra.sheets["Attendance"])
    for row in rng.sample(attendance, min(4, len(attendance))):
        row["attended"], row["outcome"] = rng.choice((("Y", "PASS"), ("N", None), ("Y", "REFER")))
    files.append(hydra_file(hydra.sheets["Sessions"], attendance, day))
    earlier = [d for d in first.files if d.dataset == "governance/recommendations"][-1]
    moment = midnight(END) + timedelta(hours=17)
    files.append(register(rng, moment))
    files.append(log(rng, moment, earlier.sheets[""]))
    return files


def _late_events(rng: random.Random, completions: list[Delivery]) -> list[Event]:
    """Return completions for a late file: some earlier enrolments and failures, now completed."""
    events: list[Event] = []
    for delivery in completions[-30:]:
        for row in delivery.sheets[""]:
            if row["status"] in ("ENROLLED", "FAILED") and rng.random() < 0.3:
                done = {**row, "status": "COMPLETED", "score": 71}
                done["completed_at"] = midnight(END - timedelta(days=rng.randint(46, 160)))
                events.append((END, done))
    return events

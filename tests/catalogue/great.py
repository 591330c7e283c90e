"""Great days: days on which much changes, all of it true. No build of a great day may be held.

The great days come after the clean days (`tests.catalogue.clean`). Each is followed by an ordinary
day. A change of units or people lasts: the files of all later days show the change too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from simulator.delivery import forms
from tests.catalogue.rewrite import Row, Sheets, change_book, change_rows, read_book
from tests.databases import administrator
from tests.year.force import half_past_five

FINISHED, AT_HYDRA, NEW_TEAM = 300, 60, 25
_TRAINED = ("RESPONSE", "NEIGHBOURHOOD", "CONTROL_ROOM", "INVESTIGATION", "CUSTODY")
_SESSION = "HYD-GREAT"
_DAY = timedelta(days=1)

_CORRECTED_REFERRALS = """
update rms.nccu_referral
set updated_at = %(at)s, persons_count = coalesce(persons_count, 0) + 1,
    referral_type = case referral_id %% 3
        when 0 then 'STATUS_CHECK' when 1 then 'IMMIGRATION_CRIME' else referral_type end,
    contacted_at = contacted_at - interval '20 minutes'
where referral_id in (
    select referral_id from rms.nccu_referral
    where contacted_at > %(at)s - interval '31 days'
        and contacted_at < %(at)s - interval '1 day' and deleted_at is null
    order by md5(referral_id::text)
    limit (
        select ceil(0.03 * count(*))::int from rms.nccu_referral
        where contacted_at > %(at)s - interval '31 days'
    )
)
"""
_CORRECTED_DOCUMENTS = """
update intel.report
set updated_at = %(at)s,
    status = case report_id %% 3 when 0 then 'RETURNED' else status end,
    document_type_code = case report_id %% 3
        when 1 then 'NCCU_INTEL' else document_type_code end,
    handling_code = case report_id %% 3 when 2 then 'P' else handling_code end
where report_id in (
    select report_id from intel.report
    where submitted_at > %(at)s - interval '31 days' and deleted_at is null
    order by md5(report_id::text)
    limit (
        select ceil(0.03 * count(*))::int from intel.report
        where submitted_at > %(at)s - interval '31 days'
    )
)
"""


@dataclass(frozen=True)
class Great:
    """A great day.

    `happen` makes the day's changes in the night before its run. `lasts` makes the same changes in
    the files of later days. It is None if no later file needs them.
    """

    name: str
    happen: Callable[[Settings, date], None]
    lasts: Callable[[Settings, date, date], None] | None = None


def use_usual_forms() -> None:
    """Make the simulator write each file in its usual form, so that this module can change it."""
    forms.TEXT_FORMS.clear()
    forms.TEXT_FORMS[forms.TextForm()] = 1.0
    forms.SERIAL_DATES = forms.WITH_OFFSETS = forms.TextForm()
    forms.BOOK_FORMS.clear()
    forms.BOOK_FORMS[forms.BookForm()] = 1.0


def days(first: date) -> dict[date, Great]:
    """Return the great days, keyed by date: every second day from `first` on."""
    return {first + 2 * number * _DAY: great for number, great in enumerate(GREAT)}


def happen(settings: Settings, first: date, day: date) -> None:
    """Make a day's changes, after the simulation has reached the morning of that day."""
    for began, great in days(first).items():
        if began == day:
            great.happen(settings, day)
        elif began < day and great.lasts is not None:
            great.lasts(settings, began, day)


def _many_finish_a_module(settings: Settings, day: date) -> None:
    with administrator(settings) as warehouse:
        done = {
            str(row[0])
            for row in warehouse.execute(
                "select employee_no from raw_general.completion "
                "where module_code = 'OIC-EL-4' and status = 'COMPLETED'"
            )
        }
    path = _newest(settings, "lms/completions", day)
    wanted = [row for row in _people(settings, day) if row["employee_no"] not in done]
    lines = [
        f"{row['employee_no']},OIC-EL,OIC-EL-4,1,COMPLETED,{day - _DAY} 1{number % 6}:30,90\n"
        for number, row in enumerate(wanted[:FINISHED])
    ]
    path.write_bytes(path.read_bytes() + "".join(lines).encode())


def _a_hydra_day(settings: Settings, day: date) -> None:
    newest = _newest(settings, "hydra/attendance", day)
    people = [row["employee_no"] for row in _people(settings, day, "RESPONSE_SUPERVISOR")]
    people += [row["employee_no"] for row in _people(settings, day, "CONTROL_ROOM")]

    def change(sheets: Sheets) -> Sheets:
        session = [_SESSION, day - 2 * _DAY, "Wootton Hall Hydra Suite", AT_HYDRA]
        places = [[_SESSION, number, "Y", "PASS"] for number in people[:AT_HYDRA]]
        return {
            **sheets,
            "Sessions": [*sheets["Sessions"], session],
            "Attendance": [*sheets["Attendance"], *places],
        }

    path = newest.with_name(f"hydra_{day - _DAY:%Y%m%d}.xlsx")
    path.write_bytes(change_book(newest.read_bytes(), change))


def _the_hydra_day_lasts(settings: Settings, began: date, day: date) -> None:
    path = _newest(settings, "hydra/attendance", day)
    kept = path.with_name(f"hydra_{began - _DAY:%Y%m%d}.xlsx")
    held = read_book(kept.read_bytes())

    def change(sheets: Sheets) -> Sheets:
        return {
            name: [*rows, *(row for row in held[name] if row[0] == _SESSION and row not in rows)]
            for name, rows in sheets.items()
        }

    if path != kept:
        path.write_bytes(change_book(path.read_bytes(), change))


def _a_month_is_corrected(settings: Settings, day: date) -> None:
    at = half_past_five(day) - timedelta(hours=5, minutes=45)
    for system, statement in (
        ("rms", _CORRECTED_REFERRALS),
        ("intelligence", _CORRECTED_DOCUMENTS),
    ):
        with psycopg.connect(url(settings, system)) as source:
            source.execute(statement.encode(), {"at": at})


def _a_new_team(settings: Settings, day: date) -> None:
    path = _newest(settings, "hr/org_unit", day)
    new = path.with_name(f"org_unit_{day - _DAY:%Y%m%d}.csv")
    new.write_bytes(_with_the_team(path.read_bytes()))
    _the_team_lasts(settings, day, day)


def _the_team_lasts(settings: Settings, began: date, day: date) -> None:
    units = _newest(settings, "hr/org_unit", day)
    units.write_bytes(_with_the_team(units.read_bytes()))
    path = _newest(settings, "hr/personnel", day)
    content = path.read_bytes()
    if b"D1-RESP-F" not in content:
        rows = [
            f"{980000 + number},{7900 + number},OFFICER,PC,RESPONSE,D1-RESP-F,{began - _DAY},,\n"
            for number in range(NEW_TEAM)
        ]
        path.write_bytes(content + "".join(rows).encode())


def _with_the_team(content: bytes) -> bytes:
    if b"D1-RESP-F" in content:
        return content
    return content + b"D1-RESP-F,Northampton Response F,D1,TEAM\n"


def _a_reorganisation(settings: Settings, day: date) -> None:
    path = _newest(settings, "hr/org_unit", day)
    new = path.with_name(f"org_unit_{day - _DAY:%Y%m%d}.csv")
    new.write_bytes(path.read_bytes())
    _the_reorganisation_lasts(settings, day, day)


def _the_reorganisation_lasts(settings: Settings, began: date, day: date) -> None:
    path = _newest(settings, "hr/org_unit", day)

    def change(row: Row) -> Row:
        moves = row["kind"] == "TEAM" and row["parent_org_unit_code"] == "D4"
        return {**row, "parent_org_unit_code": "D3"} if moves else row

    path.write_bytes(change_rows(path.read_bytes(), change))


def _people(settings: Settings, day: date, *roles: str) -> list[Row]:
    """Return the rows of people in post with one of these roles, from the newest personnel file."""
    found: list[Row] = []

    def keep(row: Row) -> Row:
        in_post = not row["leave_date"] and not row["absence_status"]
        if in_post and row["role_code"] in (roles or _TRAINED):
            found.append(row)
        return row

    change_rows(_newest(settings, "hr/personnel", day).read_bytes(), keep)
    return found


def _newest(settings: Settings, dataset: str, day: date) -> Path:
    """Return the newest file of a dataset that was delivered before a day."""
    folder = settings.home / "dropzone" / dataset
    suffix = ".xlsx" if dataset == "hydra/attendance" else ".csv"
    return max(
        path
        for path in folder.iterdir()
        if path.suffix == suffix and path.stem[-8:] < f"{day:%Y%m%d}"
    )


GREAT = (
    Great("300 people finish a module", _many_finish_a_module),
    Great("60 people attend a Hydra day", _a_hydra_day, _the_hydra_day_lasts),
    Great("3% of a month's records are corrected", _a_month_is_corrected),
    Great("a new team of 25 people", _a_new_team, _the_team_lasts),
    Great("a reorganisation", _a_reorganisation, _the_reorganisation_lasts),
)

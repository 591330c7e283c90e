"""Forces whose records arrive late, disappear and are corrected, with monthly public releases.

Each release is made from a publication. This module makes the records and the measures. dbt then
runs only the models for disclosure control, which decide the figures to release. These models read
the earlier releases from `audit.released_figure`.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.record import open_build
from oic_assurance.publishing.released_figures import record_released
from oic_assurance.publishing.releases import find_revisions
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.databases import administrator
from tests.oracle.disclosure import Figure, added

UNITS = ("D1", "D2", "D3", "REST")
EVENTS, PEOPLE = "nccu_intel_compliance", "hydra_completion"
#: What the second reading of the events counts besides, and the second reading itself.
CHECKS, BOTH = "nccu_status_check_compliance", "nccu_intel_compliance_all_types"
POINTS = {EVENTS: "NCCU_INTEL", PEOPLE: "HYDRA", CHECKS: "NCCU_INTEL"}
MONTHS = [date(2025, month, 1) for month in range(1, 13)]
#: The number of releases. The first release has the figures of four months, and each later release
#: has those of one more month.
RELEASES = 8
FIRST_SETTLED = 4

Months = list[dict[str, Figure]]


@dataclass(frozen=True)
class Record:
    """A record, with its values and the releases at which it is known.

    `known_from` is the first release at which the record is known. `gone_by` is the first later
    release at which it is no longer known. `is_check` is its type: only the second reading counts
    it.
    """

    month: int
    unit: str
    is_good: bool
    known_from: int
    gone_by: int = RELEASES
    is_check: bool = False


@dataclass(frozen=True)
class Force:
    """A force and its records. `only_arrivals` is true if no record changes or disappears."""

    code: str
    records: tuple[Record, ...]
    only_arrivals: bool

    def months(self, release: int, *, is_check: bool = False) -> Months:
        """Return each month's figures, keyed by unit, from the records known at a release."""
        found: Months = [dict.fromkeys(UNITS, (0, 0)) for _ in MONTHS]
        for record in self.records:
            if record.is_check == is_check and record.known_from <= release < record.gone_by:
                p, q = found[record.month][record.unit]
                found[record.month][record.unit] = (p + 1, q) if record.is_good else (p, q + 1)
        return found[: FIRST_SETTLED + release]


def make_force(number: int) -> Force:
    """Return a force with many or few records. The same `number` always gives the same force."""
    chance = random.Random(number)
    only_arrivals = number % 3 == 0
    busy = chance.choice([0.4, 1.0, 2.5, 6.0, 12.0])
    records = []
    for month in range(len(MONTHS)):
        for unit in UNITS:
            share = 0.3 if unit == "REST" else 1.0
            for _ in range(round(chance.expovariate(1 / (busy * share)))):
                records += _story(chance, month, unit, only_arrivals=only_arrivals)
        if chance.random() < 0.3:
            # Many records of one unit arrive late together, like a forgotten pile of paper forms.
            known = max(month - FIRST_SETTLED + 1, 0) + chance.randint(1, 3)
            unit = chance.choice(UNITS)
            records += [Record(month, unit, True, known) for _ in range(chance.randint(3, 9))]
    records += [replace(record, is_check=True) for record in records if chance.random() < 0.5]
    if number % 3 == 1:
        records = [one for record in records for one in _retyped(chance, record)]
    return Force(f"F{number:02}", tuple(records), only_arrivals)


def _retyped(chance: random.Random, record: Record) -> list[Record]:
    """Return a record whose type may be corrected when half of the releases are made."""
    half = RELEASES // 2
    if record.gone_by < RELEASES or record.known_from >= half or chance.random() < 0.6:
        return [record]
    corrected = replace(record, known_from=half, is_check=not record.is_check)
    return [replace(record, gone_by=half), corrected]


def _story(chance: random.Random, month: int, unit: str, *, only_arrivals: bool) -> list[Record]:
    late = chance.choice([0, 0, 0, 0, 1, 2, 3])
    settled = max(month - FIRST_SETTLED + 1, 0)
    record = Record(month, unit, chance.random() < 0.8, 0 if not late else settled + late)
    if only_arrivals or chance.random() < 0.75:
        return [record]
    end = record.known_from + chance.randint(1, 4)
    gone = replace(record, gone_by=end)
    if chance.random() < 0.4:
        return [gone]
    change = chance.choice(["month", "unit", "is_good"])
    corrected = replace(record, known_from=end)
    if change == "month":
        return [gone, replace(corrected, month=max(month - 1, 0))]
    if change == "unit":
        return [gone, replace(corrected, unit=chance.choice(UNITS))]
    return [gone, replace(corrected, is_good=not record.is_good)]


def prepare(settings: Settings) -> None:
    """Load the policy, and create empty tables of units and measures for disclosure control."""
    open_build(settings, "series", _as_at(0))
    run_dbt(settings, "daily", ["seed"])
    with connect(settings, role="oic_transform") as conn:
        conn.execute("""
            create table intermediate.int_org_unit (
                force_code text, org_unit_code text, kind text
            );
            create table intermediate.int_measure (
                force_code text, measure_code text, period_start date, org_unit_code text,
                numerator bigint, denominator bigint, value double precision
            );
            create table intermediate.int_measure_month (
                force_code text, measure_code text, point_code text, period_start date
            );
            create table intermediate.int_point (
                force_code text, point_code text, measure_code text, second_measure_code text,
                deadline date
            );
            create table intermediate.int_point_target (
                force_code text, point_code text, target_share numeric
            );
            create table intermediate.int_position (
                force_code text, point_code text, status_at_deadline text
            );
        """)


def release(settings: Settings, number: int, forces: list[Force]) -> "Released":
    """Decide with dbt which figures a release shows, record them as released, and return them."""
    build = open_build(settings, f"series {number}", _as_at(number))
    with connect(settings, role="oic_transform") as conn:
        _fill(conn, number, forces)
    run_dbt(settings, "daily", [
        "run", "--no-write-json", "--select",
        "stg_audit__build", "stg_audit__force", "stg_audit__released_figure", "policy_measure",
        "path:models/intermediate/disclosure", "public_assurance_period",
    ])  # fmt: skip
    with connect(settings, role="oic_publish") as conn:
        conn.execute(
            "insert into marts.publication (publication_id, force_code, as_at, gate_verdict) "
            "values (%s, 'F', %s, 'passed')",
            (build.build_id, build.as_at),
        )
        conn.execute(
            "insert into audit.release "
            "(release_id, publication_id, force_code, as_at, because, through) "
            "values (%s, %s, 'F', %s, 'a series', 'login')",
            (number + 1, build.build_id, build.as_at),
        )
        shown = sql.Identifier("candidate_public", "assurance_period")
        revisions = [_revision(row) for row in find_revisions(conn, shown)]
        record_released(conn, shown, build.build_id, number + 1)
    with administrator(settings) as conn:
        return replace(_read(conn), revisions=revisions)


@dataclass(frozen=True)
class Released:
    """The content of a release: the figures of periods, months and positions.

    For each force and measure, `periods` has the figures, keyed by period and unit. `positions` is
    keyed by force and point.
    """

    periods: Mapping[tuple[str, str], dict[tuple[int, int], dict[str, Figure]]]
    #: The rows of the table of months: force, measure, month, unit and figure.
    months: list[tuple[str, str, int, str, Figure]]
    positions: Mapping[tuple[str, str], "Position"]
    revisions: list["Revision"] = field(default_factory=list)


@dataclass(frozen=True)
class Position:
    """A public position: its first and last month, its two readings and its status."""

    first: int
    last: int
    figure: Figure
    second: Figure | None
    status: str


@dataclass(frozen=True)
class Revision:
    """A row of a release's table of revisions: what a figure was, in which release, and is now."""

    force: str
    measure: str
    period: tuple[int, int]
    unit: str
    release_before: int
    before: Figure
    now: Figure


def _revision(row: dict[str, Any]) -> Revision:
    before, now = (
        (row[f"numerator{end}"], row[f"denominator{end}"] - row[f"numerator{end}"])
        for end in ("_before", "")
    )
    start, end = (
        date.fromisoformat(row[name]).month - 1 for name in ("period_start", "period_end")
    )
    # Releases are numbered from 1 in the warehouse, and from 0 in a series.
    earlier = row["release_before"] - 1
    return Revision(
        row["force_code"],
        row["measure_code"],
        (start, end),
        row["org_unit_code"],
        earlier,
        before,
        now,
    )


def _as_at(number: int) -> datetime:
    """Return the moment of a release, one month after the previous release."""
    month = FIRST_SETTLED + number + 1
    return datetime(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 28, 6, tzinfo=UTC) + timedelta(
        days=2
    )


def _fill(conn: psycopg.Connection, number: int, forces: list[Force]) -> None:
    conn.execute("truncate intermediate.int_org_unit, intermediate.int_measure_month")
    conn.execute("truncate intermediate.int_measure, intermediate.int_point")
    for force in forces:
        months = force.months(number)
        checks = force.months(number, is_check=True)
        units = [(force.code, unit, "DISTRICT") for unit in UNITS[:-1]]
        rows = []
        for place, month in enumerate(months):
            of_measure = {
                EVENTS: month, PEOPLE: month, CHECKS: checks[place],
                BOTH: {unit: added([month[unit], checks[place][unit]]) for unit in UNITS},
            }  # fmt: skip
            for measure, figures in of_measure.items():
                shown = {unit: figure for unit, figure in figures.items() if unit != "REST"}
                shown["ALL"] = added(list(figures.values()))
                rows += [
                    (force.code, measure, MONTHS[place], unit, p, p + q)
                    for unit, (p, q) in shown.items()
                    if p + q or unit == "ALL"
                ]
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into intermediate.int_org_unit values (%s, %s, %s)",
                [*units, (force.code, "ALL", "FORCE")],
            )
            cursor.executemany(
                "insert into intermediate.int_measure values "
                "(%s, %s, %s, %s, %s::bigint, %s::bigint, null)",
                rows,
            )
            cursor.executemany(
                "insert into intermediate.int_measure_month values (%s, %s, %s, %s)",
                [
                    (force.code, measure, POINTS[measure], MONTHS[place])
                    for place in range(len(months))
                    for measure in POINTS
                ],
            )
            cursor.executemany(
                "insert into intermediate.int_point values (%s, %s, %s, %s, null)",
                [
                    (force.code, POINTS[measure], measure, BOTH if measure == EVENTS else None)
                    for measure in (EVENTS, PEOPLE)
                ],
            )


def _read(conn: psycopg.Connection) -> Released:
    periods: dict[tuple[str, str], dict[tuple[int, int], dict[str, Figure]]] = {}
    for force, measure, start, end, unit, numerator, denominator in conn.execute(
        "select force_code, measure_code, period_start, period_end, org_unit_code, numerator, "
        "denominator from candidate_public.assurance_period"
    ).fetchall():
        period = (start.month - 1, end.month - 1)
        shown = periods.setdefault((force, measure), {}).setdefault(period, {})
        shown[unit] = (numerator, denominator - numerator)
    months = [
        (force, measure, start.month - 1, unit, (numerator, denominator - numerator))
        for force, measure, start, unit, numerator, denominator in conn.execute(
            "select force_code, measure_code, period_start, org_unit_code, numerator, denominator "
            "from intermediate.int_public_measure where not is_suppressed"
        ).fetchall()
    ]
    positions = {
        (force, point): Position(
            start.month - 1,
            end.month - 1,
            (p, q),
            None if second[0] is None else (second[0], second[1]),
            status,
        )
        for force, point, start, end, p, q, *second, status in conn.execute(
            "select force_code, point_code, figures_from, figures_to, numerator, "
            "denominator - numerator, second_numerator, second_denominator - second_numerator, "
            "status from intermediate.int_public_position"
        ).fetchall()
    }
    return Released(periods, months, positions)

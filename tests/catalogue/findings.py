"""Find the checks that noticed a defect, and the figures that the defect would have moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import psycopg

#: The severities of a finding. A refused delivery and a violated constraint are also critical,
#: because they block the publication of a defect.
Severity = Literal["critical", "warning", "info"]
#: Figures in hours have no interval. They count as moved if they change by more than this fraction.
HOURS_MAY_DIFFER = 0.25
#: The fewest records from which a figure must be computed to be compared.
FEWEST_RECORDS = 20
#: The distance by which a figure may lie outside an interval, because floating point is not exact.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Finding:
    """A failed check or a refusal: its gate, severity, check and message.

    If `holds` is true, the build waits for a person, whatever the deployment's settings.
    """

    gate: str
    severity: Severity
    check: str
    message: str
    holds: bool = False

    @property
    def is_critical(self) -> bool:
        """Whether the finding blocks the build's publication or refuses a delivery."""
        return self.severity == "critical"


@dataclass(frozen=True)
class Figure:
    """A figure of the candidate: its value, its interval if any, and its number of records.

    `records` is None if the figure is compared whatever its number of records is.
    """

    value: float | None
    low: float | None
    high: float | None
    records: int | None = None

    @property
    def has_enough_records(self) -> bool:
        """Whether the figure has enough records for a comparison.

        The interval of a figure of fewer than `FEWEST_RECORDS` records is so wide that nearly every
        value lies in it.
        """
        return self.records is None or self.records >= FEWEST_RECORDS


Figures = Mapping[tuple[str, ...], Figure]

# The last column is the number of records. It is null for INTEL_PLAN, because that denominator is
# always three strands.
_FIGURES = """
select measure_code, period_start::text, org_unit_code, value, ci_low, ci_high,
    case when point_code <> 'INTEL_PLAN' then denominator end
from candidate.assurance_measure
where denominator > 0
"""
# A position is compared whatever its number of records. `assurance_position_day` has no intervals,
# so this query computes them.
_POSITION_OF_THE_DAY = """
union all
select 'position of the day', today.point_code, 'ALL', today.value, wilson.low, wilson.high, null
from candidate.assurance_position_day as today
cross join lateral (
    select
        (today.value + 3.841458881296 / 2 / today.denominator)
            / (1 + 3.841458881296 / today.denominator) as centre,
        -- A damaged value can be above 1, and has no interval then.
        1.959964 * sqrt(greatest(
            today.value * (1 - today.value) / today.denominator
            + 3.841458881296 / 4 / today.denominator / today.denominator, 0
        )) / (1 + 3.841458881296 / today.denominator) as half_width
) as interval
cross join lateral (
    select interval.centre - interval.half_width as low,
        interval.centre + interval.half_width as high
) as wilson
where today.day = (select max(day) from candidate.assurance_position_day)
    and today.denominator > 0
"""
_POSITION = """
union all
select 'position', point_code, 'ALL', value, ci_low, ci_high, null
from candidate.assurance_position
"""

_FAILED = """
select stage, severity, case stage when 'dbt' then '' else suite || ' ' end || expectation,
    coalesce(description, expectation) || coalesce(' (' || unexpected || ')', ''), holds
from audit.latest_expectation_result
where build_id = %s and not success
order by array_position(array['critical', 'warning', 'info'], severity), stage, suite, expectation
"""

_REFUSED = """
select 'landing', 'critical', dataset || ' refused', reason
from audit.batch
where run_id = %(run)s and status = 'refused'
union all
select 'landing', 'critical', dataset || ' not extracted', reason
from audit.extraction
where run_id = %(run)s and outcome = 'failed'
union all
select 'landing', 'warning', rejected.dataset || ' quarantine',
    min(rejected.reasons[1]) || ' (' || count(*) || ')'
from audit.rejected_row as rejected
inner join audit.batch using (batch_id)
where batch.run_id = %(run)s
group by rejected.dataset, split_part(rejected.reasons[1], ':', 1)
union all
select 'landing', 'info', attempt.dataset || ' not taken', found.name || ': ' || found.reason
from audit.not_taken as found
inner join audit.extraction as attempt using (extraction_id)
where attempt.run_id = %(run)s
"""


def figures(warehouse: psycopg.Connection, *, with_position: bool = True) -> Figures:
    """Return the figures of the candidate, keyed by measure, period and unit.

    Measures with a denominator of zero are left out. With `with_position`, the figures of the
    position are included.
    """
    query = _FIGURES + _POSITION_OF_THE_DAY + (_POSITION if with_position else "")
    rows = warehouse.execute(query.encode()).fetchall()
    return {tuple(map(str, row[:3])): Figure(*row[3:]) for row in rows}


def findings(warehouse: psycopg.Connection, build_id: int) -> list[Finding]:
    """Return a build's failed expectations and dbt tests as findings, the most severe first."""
    return [Finding(*row) for row in warehouse.execute(_FAILED.encode(), (build_id,))]


def refusals(warehouse: psycopg.Connection, run_id: str) -> list[Finding]:
    """Return a finding for everything that a run did not land.

    These are refused deliveries, failed extractions, rejected rows and files that were not taken.
    """
    return [Finding(*row) for row in warehouse.execute(_REFUSED.encode(), {"run": run_id})]


def moved(before: Figures, after: Figures) -> list[tuple[str, ...]]:
    """Return the keys of the figures that differ after a defect.

    A figure differs if it left its earlier interval, appeared or disappeared. A figure in hours has
    no interval and differs if it changed by more than a quarter. Figures of too few records are
    left out.
    """
    return sorted(
        key for key in before.keys() | after.keys() if _has_moved(before.get(key), after.get(key))
    )


def _has_moved(before: Figure | None, after: Figure | None) -> bool:
    if before is None:
        return after is not None and after.value is not None and after.has_enough_records
    was, now = before.value, None if after is None else after.value
    if not before.has_enough_records:
        return False
    if was is None or now is None:
        return was is not now
    if before.low is None or before.high is None:
        return abs(now - was) > HOURS_MAY_DIFFER * was
    return not before.low - ROUNDING <= now <= before.high + ROUNDING

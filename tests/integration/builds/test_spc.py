"""Compare the control limits and signs of the dbt models with those of a second computation.

All series are loaded at once, each as a measure of a separate force, and the models are built once.
The second computation is `tests/oracle/spc.py`. It shares no code with the models.
"""

import math
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from psycopg.rows import dict_row

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.settings import Settings, load_settings
from tests.databases import administrator, used_as_warehouse
from tests.integration.builds.control_series import (
    DECIDED,
    DECISIONS,
    QUIET,
    Made,
    quiet,
    restless,
)
from tests.mutants.units import AS_AT
from tests.oracle.spc import Row, Series, control_rows, series_of
from tests.oracle.tally import point_of

pytestmark = pytest.mark.slow

QUIET_SERIES = 300
QUIET_MONTHS = 24
RESTLESS = 120

_FIGURES = """
copy intermediate.int_measure (
    force_code, measure_code, point_code, period_start, org_unit_code, is_complete, numerator,
    denominator, value
) from stdin
"""
_POINTS = """
insert into intermediate.int_point (
    force_code, point_code, measure_code, target_threshold, target_unit
)
select distinct
    measure.force_code, policy.point_code, policy.measure_code, policy.target_threshold,
    policy.target_unit
from intermediate.int_measure as measure
inner join policy.policy_point as policy
    on measure.measure_code = policy.measure_code
    and %s between policy.effective_from and coalesce(policy.effective_to, 'infinity')
"""
_DECISION = """
insert into policy.policy_spc_baseline
values (%s, %s, %s, 'a new form', 'Accountability Board', '2021-01-01', '2021-01-01', null)
"""


class Charts:
    """The made series, with the rows of the model and those of the second computation."""

    def __init__(self, settings: Settings, made: list[Made]) -> None:
        self.made = made
        with administrator(settings) as conn:
            conn.execute("truncate intermediate.int_measure, intermediate.int_point")
            with conn.cursor().copy(_FIGURES) as copy:
                for series in made:
                    for m in series.months:
                        copy.write_row(
                            (
                                *(series.force, series.measure, point_of(series.measure)),
                                *(m.start, "ALL", m.is_complete),
                                *(m.numerator, m.denominator, m.value),
                            )
                        )
            conn.execute(_POINTS, (AS_AT.date(),))
            for begins, ends in DECISIONS:
                conn.execute(_DECISION, (DECIDED, begins, ends))
        run_dbt(settings, "daily", ["run", "--select", "int_point_target", "intermediate.spc"])
        self.rows: dict[str, dict[date, dict[str, Any]]] = defaultdict(dict)
        with administrator(settings) as conn:
            cursor = conn.cursor(row_factory=dict_row)
            for row in cursor.execute("select * from intermediate.int_spc"):
                self.rows[row["force_code"]][row["period_start"]] = row


def expected(series: Made) -> dict[date, Row]:
    """Return the rows of the second computation."""
    found = series_of(series.measure, series.months, AS_AT.date())
    baselines = DECISIONS if series.measure == DECIDED else ()
    return control_rows(
        Series(found.months, found.is_hours, found.is_snapshot, found.target, baselines)
    )


@pytest.fixture(scope="module")
def charts(models_address: str) -> Charts:
    """Hundreds of series, in one build of the models."""
    sorts: list[tuple[str, str, Any]] = [
        ("restless", measure, months) for measure, months in restless(7, RESTLESS)
    ]
    for kind, (measure, _) in QUIET.items():
        sorts += [(kind, measure, m) for m in quiet(kind, 1, QUIET_SERIES, QUIET_MONTHS)]
    made = [
        Made(f"S{place:08}", measure, kind, months)
        for place, (kind, measure, months) in enumerate(sorts)
    ]
    with used_as_warehouse(models_address):
        return Charts(load_settings(), made)


def test_the_models_agree_with_a_second_computation(charts: Charts) -> None:
    seen: Counter[tuple[str, object]] = Counter()
    differences = []
    for series in charts.made:
        rows = charts.rows[series.force]
        wanted = expected(series)
        assert rows.keys() == wanted.keys()
        for month, row in wanted.items():
            for column, value in asdict(row).items():
                if not _same(value, rows[month][column]):
                    differences.append((series.kind, series.measure, month, column, value))
                if column in ("kind", "variation", "special_cause", "assurance"):
                    seen[column, value] += 1
            assert (rows[month]["why_none"] is None) == (row.kind is not None)
    assert differences == []
    # The series contain every possible value of each sign, so the comparison covers all values.
    assert {value for column, value in seen if column == "kind"} == {"XMR", "P", "LANEY_P", None}
    assert {value for column, value in seen if column == "variation"} == {
        *("COMMON", "IMPROVING", "CONCERNING", None)
    }
    assert {value for column, value in seen if column == "special_cause"} == {
        *("OUTSIDE_LIMITS", "TWO_OF_THREE", "RUN_OF_SEVEN", "TREND_OF_SEVEN", None)
    }
    assert {value for column, value in seen if column == "assurance"} == {
        *("HIT_OR_MISS", "MEETS", "WILL_NOT_MEET", None)
    }
    assert min(seen.values()) > 20


def test_the_current_month_changes_nothing_before_it(charts: Charts) -> None:
    """Without its current month, a series has the same limits and signs in all other months."""
    for series in charts.made[: 5 * RESTLESS]:
        complete = Made(series.force, series.measure, series.kind, series.months[:-1])
        rows = charts.rows[series.force]
        for month, row in expected(complete).items():
            for column, value in asdict(row).items():
                assert _same(value, rows[month][column]), (series.measure, month, column)
        last = rows[series.months[-1].start]
        assert (last["variation"], last["special_cause"], last["assurance"]) == (None, None, None)


@pytest.mark.parametrize("kind", QUIET)
def test_false_signs_are_as_rare_as_the_rules_promise(charts: Charts, kind: str) -> None:
    """The promised rate is that of the second computation on other series of the same process."""
    promised = [
        [row.special_cause for month, row in sorted(control_rows(series).items())][:-1]
        for series in (
            series_of(QUIET[kind][0], months, AS_AT.date())
            for months in quiet(kind, 2, 1500, QUIET_MONTHS)
        )
    ]
    found = [
        [charts.rows[series.force][month.start]["special_cause"] for month in series.months[:-1]]
        for series in charts.made
        if series.kind == kind
    ]
    for of in (_marked_months, _outside, _years_with_a_sign):
        rate, spread = _rate([of(causes) for causes in promised])
        measured, _ = _rate([of(causes) for causes in found])
        tolerance = 4 * spread * math.sqrt(1 / len(found) + 1 / len(promised))
        assert abs(measured - rate) <= tolerance, of.__name__


def _marked_months(causes: list[str | None]) -> float:
    return sum(cause is not None for cause in causes) / len(causes)


def _outside(causes: list[str | None]) -> float:
    return sum(cause == "OUTSIDE_LIMITS" for cause in causes) / len(causes)


def _years_with_a_sign(causes: list[str | None]) -> float:
    return float(any(causes[-12:]))


def _rate(values: list[float]) -> tuple[float, float]:
    """Return the mean and the standard deviation of values, of which each series gave one."""
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _same(expected: object, actual: object) -> bool:
    if isinstance(expected, float) and isinstance(actual, float):
        return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=1e-9)
    return expected == actual

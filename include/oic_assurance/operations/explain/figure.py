"""A published figure with its measure, its classes, and the records of each class.

The counts of the classes add up to the figure. The dbt models decide a record's class; this module
only reads their results.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from oic_assurance.clock import london_day
from oic_assurance.errors import AssuranceError, UnknownNameError, UsageError
from oic_assurance.formats import count, in_unit, interval, share
from oic_assurance.operations.explain.publication_records import ROLE, Records
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import (
    enter,
    officer_mark,
    publication_mark,
    value_marks,
)

#: The entry in the log of processing holds marks for at most this many records and officers.
_MARKED = 2_000

_RULE = """
select measure_code, point_code, unit_of_value, description
from {policy}.policy_measure
order by point_code, measure_code
"""

_MONTHS = """
select period_start
from {mart_assurance_measure}
where force_code = %(force)s and measure_code = %(measure)s
group by period_start
order by period_start
"""

_UNITS = """
select org_unit_code
from {mart_assurance_measure}
where force_code = %(force)s and measure_code = %(measure)s and period_start = %(period)s
order by org_unit_code <> 'ALL', org_unit_code
"""

_FIGURE = """
select
    measure.is_complete_period, measure.numerator, measure.denominator, measure.value,
    measure.ci_low, measure.ci_high, unit.org_unit_name, point.status, point.source_status,
    point.caveat
from {mart_assurance_measure} as measure
left join {mart_dim_org_unit} as unit using (force_code, org_unit_code)
left join {mart_assurance_position} as point using (force_code, point_code)
where
    measure.force_code = %(force)s and measure.measure_code = %(measure)s
    and measure.period_start = %(period)s and measure.org_unit_code = %(unit)s
"""

_FRESHNESS = """
select freshness.dataset, freshness.verdict, freshness.last_landed_at, freshness.reason
from {mart_source_freshness} as freshness
inner join {policy}.measure_dataset as rests_on
    on freshness.dataset = rests_on.dataset and rests_on.measure_code = %(measure)s
where freshness.force_code = %(force)s
order by freshness.dataset
"""

_CLASSES = """
select
    member.record_kind, member.class as name, coalesce(words.meaning, '') as meaning,
    count(*) as records, sum(member.numerator)::bigint as numerator,
    sum(member.denominator)::bigint as denominator
from {intermediate}.int_measure_record_by_unit as member
left join {policy}.record_class as words using (record_kind, class)
where
    member.force_code = %(force)s and member.measure_code = %(measure)s
    and member.period_start = %(period)s and member.org_unit_code = %(unit)s
group by member.record_kind, member.class, words.meaning
order by sum(member.denominator) = 0, sum(member.numerator) desc nulls last, member.class
"""

_RECORDS = """
select *
from (
    select
        record_kind, record_ref, class as class_name, team_code, happened_on, officer_key,
        related_ref, hours_to_submission,
        row_number() over (partition by class order by happened_on, record_ref) as place
    from {intermediate}.int_measure_record_by_unit
    where
        force_code = %(force)s and measure_code = %(measure)s and period_start = %(period)s
        and org_unit_code = %(unit)s and (%(class)s::text is null or class = %(class)s)
) as member
where place <= %(limit)s
order by class_name, place
"""


# Publications made by earlier versions of the code lack the column `value_change` and name only one
# cause for each figure. `to_jsonb` returns null for a missing column.
_RESTATED = """
select
    cause, record_count, value_before, value_after,
    (to_jsonb(restated) ->> 'value_change')::double precision as value_change
from {mart_restatement} as restated
where
    force_code = %(force)s and measure_code = %(measure)s
    and period_start = %(period)s and org_unit_code = %(unit)s
order by to_jsonb(restated) ->> 'step', cause
"""


#: A row of a query, keyed by column.
Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A published figure with its rule, its classes and its records.

    Attributes:
        rule: The measure and its description, of `_RULE`.
        value, ci_low, ci_high: In the unit of the measure: a share from 0 to 1, hours, or a count.
        freshness: The datasets that the figure rests on, of `_FRESHNESS`.
        restated: The causes of the figure's change since the compared publication, of `_RESTATED`,
            each with the part of the change that has this cause.
        classes: Of `_CLASSES`: how many records have a class, and what they add to the figure.
        members: The records, of `_RECORDS`. `happened_on` is the day of a record, such as that of
            the contact, the detention or the completion. `related_ref` is the reference of the
            document that decided the class, of the occurrence, or of the plan.
    """

    publication_id: int
    as_at: datetime
    rule: Row
    period_start: date
    is_complete_period: bool
    org_unit_code: str
    org_unit_name: str | None
    numerator: int | None
    denominator: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    status: str | None
    source_status: str | None
    caveat: str | None
    freshness: list[Row]
    restated: list[Row]
    classes: list[Row]
    members: list[Row]

    @property
    def in_words(self) -> str:
        """Return the value of the figure with its counts and its interval."""
        unit = self.rule["unit_of_value"]
        if unit != "share":
            over = "over" if unit == "hours" else "of"
            return f"{in_unit(self.value, unit)}, {over} {count(self.denominator, 'record')}"
        return (
            f"{share(self.value)}: {self.numerator} of {self.denominator}, "
            f"95% interval {interval(self.ci_low, self.ci_high)}"
        )

    @property
    def mismatch(self) -> str | None:
        """Return a sentence that says where the sums over the classes differ from the figure.

        Returns None if the classes add up to the published numerator and denominator.
        """
        parts = {
            "denominator": (sum(item["denominator"] for item in self.classes), self.denominator),
            "numerator": (sum(item["numerator"] or 0 for item in self.classes), self.numerator),
        }
        wrong = [
            f"{name} {found}, published {published}"
            for name, (found, published) in parts.items()
            if published is not None and found != published
        ]
        return "; ".join(wrong) or None


def explain(
    records: Records,
    measure: str,
    period: date | None = None,
    unit: str = "ALL",
    only_class: str | None = None,
    limit: int = 10,
) -> Figure:
    """Return a figure and at most `limit` records of each class.

    If records are listed, the call is logged as a consultation.

    `measure` is the code of a measure, and `unit` the code of an organisational unit. `period` is
    the first day of a month. The default is the measure's latest month. With `only_class`, only
    records of that class are returned.

    Raises:
        UsageError: The publication has no such measure, month, unit or class.
        AssuranceError: The publication has no figure of the measure yet.
    """
    rule = _rule(records, measure)
    period = _period(records, measure, period)
    asked: dict[str, object] = {
        "measure": measure,
        "period": period,
        "unit": unit,
        "point": rule["point_code"],
        "class": only_class,
        "limit": limit,
        "day": london_day(records.publication.as_at),
    }
    row = _published(records, asked)
    classes = records.ask(_CLASSES, asked)
    known = [item["name"] for item in classes]
    if only_class is not None and only_class not in known:
        raise UnknownNameError("class", only_class, known, "of records in this figure")
    members = records.ask(_RECORDS, asked)
    what = f"{asked['measure']} of {period:%Y-%m} for unit {unit}"
    log_members(records, members, what, "to explain a figure")
    return Figure(
        publication_id=records.publication.publication_id,
        as_at=records.publication.as_at,
        rule=rule,
        period_start=period,
        org_unit_code=unit,
        freshness=records.ask(_FRESHNESS, asked),
        restated=records.ask(_RESTATED, asked),
        classes=classes,
        members=members,
        **row,
    )


def check_figure(
    records: Records, measure: str, period: date | None = None, unit: str = "ALL"
) -> None:
    """Check that the publication has a figure. Only its marts are read, so nothing is recomputed.

    Raises:
        UsageError: The publication has no such measure, month or unit.
        AssuranceError: The publication has no figure of the measure yet.
    """
    if not records.ask(_MONTHS, {"measure": measure}):
        # Whether there is such a measure at all, the policy of the newest build tells.
        _rule(records, measure)
    chosen = _period(records, measure, period)
    _published(records, {"measure": measure, "period": chosen, "unit": unit})


def log_members(records: Records, members: list[Row], behind: str, because: str) -> None:
    """Log who looks at a figure's or a question's records, as DPA 2018 section 62 requires.

    `behind` names the figure or the question in words.
    """
    if not members:
        return
    number = records.publication.publication_id
    what = f"{len(members)} records behind {behind} in publication {number}"
    marks = value_marks(records.settings, (one["record_ref"] for one in members))
    marks += [officer_mark(records.settings, key) for one in members if (key := one["officer_key"])]
    with connect(records.settings, role=ROLE) as connection:
        enter(
            connection,
            "consultation",
            what,
            because=because,
            run_id=records.build.run_id,
            record=marks[:_MARKED],
            concerns=[publication_mark(number)],
        )


def month(text: str) -> date:
    """Return the first day of a month written as YYYY-MM.

    Raises:
        UsageError: The text is not such a month.
    """
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise UsageError(f"'{text}' is not a month: write it like 2026-03.") from error


def _rule(records: Records, measure: str) -> Row:
    rules = {row["measure_code"]: row for row in records.ask(_RULE, {})}
    if measure not in rules:
        raise UnknownNameError("measure", measure, rules)
    return rules[measure]


def _period(records: Records, measure: str, period: date | None) -> date:
    months: list[date] = [row["period_start"] for row in records.ask(_MONTHS, {"measure": measure})]
    number = records.publication.publication_id
    if not months:
        raise AssuranceError(f"Publication {number} has no figure of {measure} yet.")
    if period is None:
        return months[-1]
    if period not in months:
        raise UsageError(
            f"Publication {number} has {measure} for {months[0]:%Y-%m} to {months[-1]:%Y-%m}, "
            f"not for {period:%Y-%m}."
        )
    return period


def _published(records: Records, asked: dict[str, object]) -> dict[str, Any]:
    found = records.ask(_FIGURE, asked)
    if found:
        return found[0]
    units = [str(row["org_unit_code"]) for row in records.ask(_UNITS, asked)]
    raise UnknownNameError(
        "unit",
        str(asked["unit"]),
        units,
        f"with {asked['measure']} in {asked['period']:%Y-%m} in publication "
        f"{records.publication.publication_id}",
    )

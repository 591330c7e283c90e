"""A published figure with its measure, its classes, and the records of each class.

The counts of the classes add up to the figure. The dbt models decide a record's class; this module
only reads their results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

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
    point.caveat,
    point.figure_period as position_period, point.value as position_value,
    point.numerator as position_numerator, point.denominator as position_denominator
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


_RESTATED = """
select
    cause, record_count, value_before, value_after, value_change
from {mart_restatement}
where
    force_code = %(force)s and measure_code = %(measure)s
    and period_start = %(period)s and org_unit_code = %(unit)s
order by step, cause
"""


#: A row of a query, keyed by column.
Row = dict[str, Any]


@dataclass(frozen=True)
class Explained:
    """A published figure or question, and the records behind it.

    Attributes:
        row: The figure, of `_RULE` and `_FIGURE`, or the question, each with its publication and
            its rule. `value`, `ci_low` and `ci_high` are in the unit of the measure: a share from 0
            to 1, hours, or a count. `mismatch` says where the records do not add up to it.
        classes: How many records have a class, and what they add.
        members: The records. `happened_on` is the day of a record, such as that of the contact, the
            detention or the completion. `related_ref` is the reference of the document that decided
            the class, of the occurrence, or of the plan.
        freshness: The datasets that a figure rests on, of `_FRESHNESS`.
        restated: The causes of a figure's change since the compared publication, of `_RESTATED`,
            each with the part of the change that has this cause.
    """

    row: Row
    classes: list[Row]
    members: list[Row]
    freshness: Sequence[Row] = ()
    restated: Sequence[Row] = ()


def in_words(figure: Row) -> str:
    """Return the value of a figure with its counts and its interval."""
    unit = figure["unit_of_value"]
    if figure["value"] is None:
        return "no cases"
    if unit != "share":
        over = "over" if unit == "hours" else "of"
        return f"{in_unit(figure['value'], unit)}, {over} {count(figure['denominator'], 'record')}"
    return (
        f"{share(figure['value'])}: {figure['numerator']} of {figure['denominator']}, "
        f"95% interval {interval(figure['ci_low'], figure['ci_high'])}"
    )


def position_in_words(figure: Row) -> str | None:
    """Return the figure that a point's status rests on, with the days that it is about."""
    if figure["position_denominator"] is None:
        return None
    if not figure["position_denominator"]:
        words = "no cases"
    else:
        words = (
            f"{share(figure['position_value'])}: {figure['position_numerator']} of "
            f"{figure['position_denominator']}"
        )
    return ", ".join(filter(None, (words, figure["position_period"])))


def mismatch(published: Row, **sums: int) -> str | None:
    """Return where the sums over the classes differ from what was published, or None."""
    wrong = [
        f"{name} {found}, published {published[name]}"
        for name, found in sums.items()
        if published[name] not in (None, found)
    ]
    return "; ".join(wrong) or None


def explain(
    records: Records,
    measure: str,
    period: date | None = None,
    unit: str = "ALL",
    only_class: str | None = None,
    limit: int = 10,
) -> Explained:
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
    month = _period(records, measure, period)
    asked = {"measure": measure, "period": month, "unit": unit, "class": only_class, "limit": limit}
    row = {**rule, **_published(records, asked)}
    behind = f"{measure} of {month:%Y-%m} for unit {unit}"
    classes, members = listed(records, asked, _CLASSES, _RECORDS, behind, "figure")
    return Explained(
        {
            **row,
            "publication_id": records.publication.publication_id,
            "as_at": records.publication.as_at,
            "period_start": month,
            "org_unit_code": unit,
            "in_words": in_words(row),
            "position_words": position_in_words(row),
            "mismatch": mismatch(
                row,
                denominator=sum(one["denominator"] for one in classes),
                numerator=sum(one["numerator"] or 0 for one in classes),
            ),
        },
        classes,
        members,
        records.ask(_FRESHNESS, asked),
        records.ask(_RESTATED, asked),
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


def listed(
    records: Records, asked: Row, classes: str, members: str, behind: str, word: str
) -> tuple[list[Row], list[Row]]:
    """Return the classes and the records of a figure or a question, which `behind` names.

    Who looks at its records is logged, as DPA 2018 section 62 requires.

    Raises:
        UnknownNameError: It has no records of the class that is asked for.
    """
    found = records.ask(classes, asked)
    known = list(dict.fromkeys(one["name"] for one in found))
    if asked["class"] is not None and asked["class"] not in known:
        raise UnknownNameError("class", asked["class"], known, f"of records in this {word}")
    shown = records.ask(members, asked)
    if shown:
        number = records.publication.publication_id
        marks = value_marks(records.settings, (one["record_ref"] for one in shown))
        keys = (one["officer_key"] for one in shown if one["officer_key"])
        marks += [officer_mark(records.settings, key) for key in keys]
        with connect(records.settings, role=ROLE) as connection:
            enter(
                connection,
                "consultation",
                f"{len(shown)} records behind {behind} in publication {number}",
                because=f"to explain a {word}",
                run_id=records.build.run_id,
                record=marks[:_MARKED],
                concerns=[publication_mark(number)],
            )
    return found, shown


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

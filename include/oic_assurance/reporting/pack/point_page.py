"""The pages of the Board's pack, each about one assurance point.

Each page has the point's charts and all its measures, the questions that follow from the data, what
the Board asked and agreed, and how far the point is signed off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from oic_assurance.clock import london_day
from oic_assurance.formats import NOTHING, in_unit, long_day
from oic_assurance.reporting.pack import (
    referrals,
    tables,
    timelines,
    training,
    trends,
    words,
)
from oic_assurance.reporting.pack.card import Card
from oic_assurance.reporting.pack.control_charts import control_chart
from oic_assurance.reporting.pack.facts import Facts, Row, of_point
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.paper.drawing import Picture

#: With fewer open exceptions, a chart says no more than the sentences about them.
FEWEST_EXCEPTIONS = 5


@dataclass(frozen=True)
class PointPage:
    """The content of the page about one point.

    Attributes:
        measure: The title of the measure that decides the point's status.
        computed: How that measure is computed, in a sentence.
        pictures: The charts, the most important first.
        questions: The questions that the data gives, the most important first.
    """

    card: Card
    measure: str
    computed: str
    pictures: Sequence[Picture]
    questions: Sequence[str]
    answers: Table
    actions: Table
    signed: Table
    measures: Table
    disagreements: Table


def page(card: Card, facts: Facts) -> PointPage:
    """Return the page about the point that `card` summarises."""
    (position,) = of_point(facts["position"], card.code)
    today = london_day(position["as_at"])
    return PointPage(
        card=card,
        measure=position["measure_title"],
        computed=position["measure_description"],
        pictures=[*_pictures(card.code, position, facts), *_more_pictures(card.code, facts)],
        questions=[row["words"] for row in of_point(facts["board_question"], card.code)],
        answers=tables.answers(of_point(facts["board_log_question"], card.code)),
        actions=tables.actions(of_point(facts["board_action"], card.code), today),
        signed=tables.signed(of_point(facts["sign_off"], card.code)),
        measures=_measures(of_point(facts["measure_trend"], card.code)),
        disagreements=_disagreements(of_point(facts["disagreement"], card.code)),
    )


def _pictures(code: str, position: Row, facts: Facts) -> list[Picture]:
    """Return the charts at the top of a point's page."""
    today = london_day(position["as_at"])
    views = timelines.views(of_point(facts["voice"], code), today)
    if code == "INTEL_PLAN":
        plans = timelines.plans(facts["plan_strand"], today, position["deadline"])
        return [plans, views, *_exceptions_by_age(code, facts)]
    months = [row for row in of_point(facts["control_limits"], code) if row["is_of_position"]]
    since = f" since {words.month(months[0]['period_start'])}" if months else ""
    trend = control_chart(
        f"{position['measure_title']}, by month{since}", months, _marks(position, months, facts)
    )
    if code == "NCCU_INTEL":
        return [
            trend,
            referrals.classes_by_month(facts["referral_class_by_month"]),
            views,
        ]
    if code == "ELEARNING":
        second = [training.modules_done(facts["training_by_modules_done"])]
    else:
        teams = of_point(facts["measure_by_team"], code)
        met, not_met = ("passed", "not yet") if code == "HYDRA" else ("met", "not met")
        name = "Hydra" if code == "HYDRA" else position["measure_title"]
        second = [trends.by_team(f"{name} by team, today", teams, met, not_met)] if teams else []
    return [trend, *second, *_exceptions_by_age(code, facts), views]


def _marks(position: Row, months: Sequence[Row], facts: Facts) -> list[tuple[date, str]]:
    """Return the days to mark in a point's chart: report, launch, deadline and changes of rules."""
    if not months:
        return []
    first, last = months[0]["period_start"], months[-1]["period_start"]
    (register,) = of_point(facts["recommendation"], position["point_code"])
    report = register["report_published_on"]
    marks = [] if report is None else [(report, "report")]
    if months[0]["is_snapshot"]:
        marks.append((first, "launch"))
    if position["deadline"] is not None:
        marks.append((position["deadline"], "deadline"))
    published = {row["publication_id"]: row["as_at"] for row in facts["position_as_published"]}
    changed = {
        london_day(published[row["publication_id"]])
        for row in facts["restated"]
        if row["cause"] == "RULE_CHANGE"
        and row["publication_id"] in published
        and row["measure_code"] == months[0]["measure_code"]
    }
    marks += [(day, "rules changed") for day in changed]
    return [(day, word) for day, word in marks if first <= day and day <= _end(last)]


def _end(month: date) -> date:
    """Return the first day of the month after `month`. Later days are not marked in the chart."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _more_pictures(code: str, facts: Facts) -> list[Picture]:
    """Return the charts below the tables of a point's page."""
    if code == "NCCU_INTEL":
        teams = of_point(facts["measure_by_team"], code)
        return [
            trends.by_team(
                "By team, the last twelve months and this one",
                teams,
                "with document",
                "without",
            ),
            *_exceptions_by_age(code, facts),
        ]
    return training.heat_maps(facts["training_by_team"]) if code == "ELEARNING" else []


def _exceptions_by_age(code: str, facts: Facts) -> list[Picture]:
    rows = of_point(facts["exception_by_age"], code)
    if sum(row["exceptions"] for row in rows) < FEWEST_EXCEPTIONS:
        return []
    return [referrals.exceptions_by_age("Open exceptions today, by age", rows)]


def _measures(rows: Sequence[Row]) -> Table:
    """Return a table of a point's measures, for the last complete month and the current month."""
    latest: dict[str, dict[bool, Row]] = {}
    for row in rows:
        latest.setdefault(row["title"], {})[row["is_complete_period"]] = row
    return Table(
        "All measures of this point",
        ("Measure", "Last complete month", "This month so far"),
        [
            (title, _value(found.get(True)), _value(found.get(False)))
            for title, found in latest.items()
        ],
    )


def _value(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return NOTHING
    unit = row["unit_of_value"]
    met = "" if unit == "hours" else f"{row['numerator']:,} of "
    noun = " referrals" if unit == "hours" else ""
    return f"{in_unit(row['value'], unit)} ({met}{row['denominator']:,}{noun})"


def _disagreements(rows: Sequence[Row]) -> Table:
    return Table(
        "When the views differed",
        ("From", "Until", "Days", "The force", "The data, on the first day", "The Commissioner"),
        [
            (
                long_day(row["disagreed_from"]),
                long_day(row["disagreed_until"]) if row["disagreed_until"] else "today",
                str(row["days"]),
                words.sentence(row["force_self_assessment"]),
                words.status(row["data_status"]).word,
                words.sentence(row["commissioner_judgement"]),
            )
            for row in rows
        ],
        "They have never differed.",
    )

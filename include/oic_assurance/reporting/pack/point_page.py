"""The pages of the Board's pack, each about one assurance point.

Each page has the point's charts and all its measures. It also shows when the views of the force,
the data and the Commissioner differed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.clock import LONDON
from oic_assurance.reporting.pack import referrals, timelines, training, trends, words
from oic_assurance.reporting.pack.card import Card
from oic_assurance.reporting.pack.drawing import Picture
from oic_assurance.reporting.pack.facts import Facts, Row, of_point
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.screens.layout import NOTHING, share


@dataclass(frozen=True)
class PointPage:
    """The content of the page about one point.

    Attributes:
        measure: The title of the measure that decides the point's status.
        computed: How that measure is computed, in a sentence.
        pictures: The charts above the tables.
        more: The charts below the tables.
    """

    card: Card
    measure: str
    computed: str
    pictures: Sequence[Picture]
    more: Sequence[Picture]
    measures: Table
    disagreements: Table


def page(card: Card, facts: Facts) -> PointPage:
    """Return the page about the point that `card` summarises."""
    (position,) = of_point(facts["position"], card.code)
    return PointPage(
        card=card,
        measure=position["measure_title"],
        computed=position["measure_description"],
        pictures=_pictures(card.code, position, facts),
        more=_more_pictures(card.code, facts),
        measures=_measures(of_point(facts["measure_trend"], card.code)),
        disagreements=_disagreements(of_point(facts["disagreement"], card.code)),
    )


def _pictures(code: str, position: Row, facts: Facts) -> list[Picture]:
    """Return the charts at the top of a point's page."""
    today = position["as_at"].astimezone(LONDON).date()
    views = timelines.views(of_point(facts["voice"], code), today)
    if code == "INTEL_PLAN":
        return [
            timelines.plans(facts["plan_strand"], today, position["deadline"]),
            views,
            *_exceptions_by_age(code, facts),
        ]
    figures = [
        row
        for row in facts["measure_trend"]
        if row["point_code"] == code and row["title"] == position["measure_title"]
    ]
    trend = trends.trend(f"{position['measure_title']}, by month", figures, position["deadline"])
    if code == "NCCU_INTEL":
        return [
            trend,
            referrals.classes_by_month(facts["referral_class_by_month"]),
            referrals.flow(facts["referral_flow"]),
            views,
        ]
    if code == "HYDRA":
        second = trends.by_team(
            "By team, today", of_point(facts["measure_by_team"], code), "passed", "not yet"
        )
    else:
        second = training.modules_done(facts["training_by_modules_done"])
    return [trend, second, *_exceptions_by_age(code, facts), views]


def _more_pictures(code: str, facts: Facts) -> list[Picture]:
    """Return the charts below the tables of a point's page."""
    if code == "NCCU_INTEL":
        teams = of_point(facts["measure_by_team"], code)
        return [
            trends.by_team(
                "By team: the last twelve months and this one",
                teams,
                "with document",
                "without",
            ),
            *_exceptions_by_age(code, facts),
        ]
    return training.heat_maps(facts["training_by_team"]) if code == "ELEARNING" else []


def _exceptions_by_age(code: str, facts: Facts) -> list[Picture]:
    rows = of_point(facts["exception_by_age"], code)
    return [referrals.exceptions_by_age("Open exceptions, by age", rows)] if rows else []


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
    if row["unit_of_value"] == "hours":
        return f"{row['value']:.1f} hours (of {row['denominator']:,})"
    return f"{share(row['value'])} ({row['numerator']:,} of {row['denominator']:,})"


def _disagreements(rows: Sequence[Row]) -> Table:
    return Table(
        "When the views differed",
        ("From", "Until", "Days", "The force", "The data", "The Commissioner"),
        [
            (
                words.long_day(row["disagreed_from"]),
                words.long_day(row["disagreed_until"]) if row["disagreed_until"] else "today",
                str(row["days"]),
                words.sentence(row["force_self_assessment"]),
                words.status(row["data_status"]).word,
                words.sentence(row["commissioner_judgement"]),
            )
            for row in rows
        ],
        "They have never differed.",
    )

"""The summary of one assurance point on the first page of the Board's pack."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oic_assurance.formats import NOTHING, interval, long_day, share
from oic_assurance.reporting.pack import trends, words
from oic_assurance.reporting.pack.facts import Facts, Row, of_point
from oic_assurance.reporting.points import POINTS

PROVISIONAL = "Provisional: nobody has confirmed the policy that the figure rests on."


@dataclass(frozen=True)
class Card:
    """The summary of a point. The page shows the texts without changing them.

    Attributes:
        question: The question that the point answers for the Board.
        requirement: One sentence that says when the point is met.
        parts: The numerator and the denominator of the figure, in words.
        interval: The 95% interval of the figure, as text. It is empty for a checklist.
        target: The target, in words.
        second: The second reading of the figure, in words. It is empty if there is none.
        provisional: A sentence that says that nobody has confirmed the point's policy. It is empty
            if the policy is confirmed.
        owner: The role that answers for the point to the Board.
        low, value, high: The lower end of the interval, the figure, and the upper end of the
            interval, as fractions from 0 to 1. The page draws the interval as a bar, with a mark at
            the figure.
        goal: The target as a fraction from 0 to 1. The page draws it as a line across the bar.
        at_deadline: The figure and the status on the deadline day. It is empty before that day.
        trend: A chart of the figure over time with its target, as SVG.
        since: How the figure changed since the inspection's report, and how far it is from the
            target, in words.
        views: For each of the force, the data and the Commissioner: its name and the status that it
            gives.
        disagreement: A sentence that says since which day the views have differed. It is empty if
            they agree.
        source: Whether the point's sources are up to date.
    """

    code: str
    name: str
    question: str
    requirement: str
    answer: words.Answer
    figure: str
    parts: str
    interval: str
    target: str
    second: str
    provisional: str
    owner: str
    low: float
    value: float
    high: float
    goal: float | None
    deadline: str
    at_deadline: str
    trend: str
    since: str
    forecast: str
    views: Sequence[tuple[str, str]]
    disagreement: str
    source: str
    caveat: str | None


def card(row: Row, facts: Facts) -> Card:
    """Return the card of one point. `row` is the point's row from the query `position`."""
    code = row["point_code"]
    history = of_point(facts["position_trend"], code)
    return Card(
        code=code,
        name=POINTS[code].name,
        question=row["question"],
        requirement=row["title"],
        answer=words.status(row["status"]),
        figure=words.figure(row),
        parts=words.parts(row),
        interval="" if POINTS[code].is_checklist else interval(row["ci_low"], row["ci_high"]),
        target=words.target(row) + _later(row, "target", words.target),
        second=_second(row),
        provisional="" if row["policy_confirmed"] else PROVISIONAL,
        owner=_owner(row),
        low=row["ci_low"] or 0.0,
        value=row["value"] or 0.0,
        high=row["ci_high"] or 0.0,
        goal=words.target_share(row),
        deadline=words.deadline(row)
        + _later(row, "deadline", lambda then: long_day(then["deadline"])),
        at_deadline=_at_deadline(row),
        trend=trends.sparkline(history, words.target_share(row)),
        since=f"{trends.since(history)}. {words.distance(row)}",
        forecast=words.forecast(row),
        views=_views(row),
        disagreement=_disagreement(row),
        source=row["source_status"],
        caveat=row["caveat"],
    )


def _later(row: Row, column: str, say: Callable[[Row], str]) -> str:
    """Return what a row of the policy that begins later says: " (from 1 January 2027: 90%)"."""
    then = row[f"{column}_then"]
    if row["changes_on"] is None or then == row[column]:
        return ""
    return f" (from {long_day(row['changes_on'])}: {say({**row, column: then})})"


def _second(row: Row) -> str:
    """Return the second reading in words: "52.6% (71 of 135), status checks counted"."""
    if row["second_reading"] is None:
        return ""
    parts = f"{row['second_numerator']:,} of {row['second_denominator']:,}"
    # The title of the second reading's measure begins with the title of the first measure. The card
    # shows only the rest of it.
    difference = row["second_measure_title"].removeprefix(f"{row['measure_title']}, ")
    return f"{share(row['second_value'])} ({parts}), {difference}"


def _owner(row: Row) -> str:
    if row["owner_role"] is None:
        return NOTHING
    return f"{row['owner_role']}{'' if row['is_owner_confirmed'] else ' (not confirmed)'}"


def _at_deadline(row: Row) -> str:
    """Return the figure and the status on the deadline day, in words.

    The text is empty before the deadline day. The figure is computed from what is known now. If
    what was known on that day gives another figure or status, the text has both results.
    """
    if row["status_at_deadline"] is None:
        return ""
    now = _figure_and_status(row, row["value_at_deadline"], row["status_at_deadline"])
    if row["status_at_deadline_known_then"] is None:
        return f"On that day: {now}"
    then = _figure_and_status(
        row, row["value_at_deadline_known_then"], row["status_at_deadline_known_then"]
    )
    return f"On that day: {now}" if now == then else f"On that day: {now}; as known then: {then}"


def _figure_and_status(row: Row, value: float | None, status: str) -> str:
    figure = share(value)
    if POINTS[row["point_code"]].is_checklist and value is not None:
        figure = f"{round(value * row['denominator'])} of {row['denominator']}"
    return f"{figure}, {words.status(status).word.lower()}"


def _views(row: Row) -> list[tuple[str, str]]:
    return [
        (words.VIEWS["FORCE"], words.sentence(row["force_self_assessment"])),
        (words.VIEWS["DATA"], words.status(row["status"]).word),
        (words.VIEWS["COMMISSIONER"], words.sentence(row["commissioner_judgement"])),
    ]


def _disagreement(row: Row) -> str:
    if not row["disagrees"]:
        return ""
    since = f" since {long_day(row['disagrees_since'])}" if row["disagrees_since"] else ""
    return f"The views differ{since}."

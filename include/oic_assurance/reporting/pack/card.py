"""A point on the first page: the answer in one look."""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.reporting.pack import trends, words
from oic_assurance.reporting.pack.facts import Facts, Row, of_point
from oic_assurance.reporting.screens.layout import interval, share


@dataclass(frozen=True)
class Card:
    """A point on the first page: the answer, the figure, the deadline, the way it goes."""

    code: str
    name: str
    asks: str
    answer: words.Answer
    figure: str
    parts: str
    interval: str
    low: float
    value: float
    high: float
    deadline: str
    at_deadline: str
    line: str
    since: str
    forecast: str
    voices: Sequence[tuple[str, str]]
    disagrees: str
    source: str
    caveat: str | None


def card(row: Row, facts: Facts) -> Card:
    """Return the card of a row of the position; its trend from the days before."""
    code = row["point_code"]
    history = of_point(facts["position_trend"], code)
    share_of = code != "INTEL_PLAN"
    return Card(
        code=code,
        name=words.POINTS[code],
        asks=row["title"],
        answer=words.status(row["status"]),
        figure=words.figure(row),
        parts=words.parts(row),
        interval=interval(row["ci_low"], row["ci_high"]) if share_of else "",
        low=row["ci_low"] or 0.0,
        value=row["value"] or 0.0,
        high=row["ci_high"] or 0.0,
        deadline=_deadline(row),
        at_deadline=_at_deadline(row),
        line=trends.sparkline(history),
        since=trends.since(history),
        forecast=words.forecast(row),
        voices=_voices(row),
        disagrees=_disagrees(row),
        source=row["source_status"],
        caveat=row["caveat"],
    )


def _deadline(row: Row) -> str:
    if row["deadline"] is None:
        return "No deadline: every time"
    return f"{words.long_day(row['deadline'])} ({words.days_away(row['days_to_deadline'])})"


def _at_deadline(row: Row) -> str:
    """Say what stood on the deadline day: as it is known now, and as it was known then."""
    if row["status_at_deadline"] is None:
        return ""
    now = _figure_and_status(row, row["value_at_deadline"], row["status_at_deadline"])
    if row["status_at_deadline_known_then"] is None:
        return f"On the day: {now}"
    then = _figure_and_status(
        row, row["value_at_deadline_known_then"], row["status_at_deadline_known_then"]
    )
    return f"On the day: {now}" if now == then else f"On the day: {now}; as known then: {then}"


def _figure_and_status(row: Row, value: float | None, status: str) -> str:
    figure = share(value)
    if row["point_code"] == "INTEL_PLAN" and value is not None:
        figure = f"{round(value * row['denominator'])} of {row['denominator']}"
    return f"{figure}, {words.status(status).word.lower()}"


def _voices(row: Row) -> list[tuple[str, str]]:
    return [
        (words.VOICES["FORCE"], words.sentence(row["force_self_assessment"])),
        (words.VOICES["DATA"], words.status(row["status"]).word),
        (words.VOICES["COMMISSIONER"], words.sentence(row["commissioner_judgement"])),
    ]


def _disagrees(row: Row) -> str:
    if not row["disagrees"]:
        return ""
    since = f" since {words.long_day(row['disagrees_since'])}" if row["disagrees_since"] else ""
    return f"They do not say the same{since}."

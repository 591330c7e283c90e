"""What stands on the pages of the pack, made of its facts; how it looks is for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oic_assurance.clock import LONDON
from oic_assurance.reporting.layout import NOTHING, interval, moment, share
from oic_assurance.reporting.pack import referrals, timelines, training, trends, words
from oic_assurance.reporting.pack.drawing import Picture
from oic_assurance.reporting.pack.facts import Facts
from oic_assurance.reporting.pack.memory import Before

Row = dict[str, Any]


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


@dataclass(frozen=True)
class Table:
    """A table with its title; figures as text."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = ""


@dataclass(frozen=True)
class PointPage:
    """A point's own page."""

    card: Card
    measure: str
    computed: str
    pictures: Sequence[Picture]
    more: Sequence[Picture]
    measures: Table
    disagreements: Table


@dataclass(frozen=True)
class Board:
    """All that the pack for the Board says."""

    as_at: str
    published: str
    publication_id: int
    gate: str
    code_version: str
    body: str
    headline: str
    cards: Sequence[Card]
    points: Sequence[PointPage]
    moved: Table
    changed: Table
    freshness: Table
    quality: Table
    broken: Table
    exceptions: Table
    tracked: Sequence[str]
    statuses: Sequence[words.Answer]


def board(facts: Facts, before: Before | None) -> Board:
    """Return what the pack says; `before` is the pack that it is compared with."""
    (publication,) = facts["publication"]
    shown = sorted(facts["position"], key=lambda row: list(words.POINTS).index(row["point_code"]))
    cards = [_card(row, facts) for row in shown]
    return Board(
        as_at=moment(publication["as_at"]),
        published=moment(publication["published_at"]),
        publication_id=publication["publication_id"],
        gate=publication["gate_verdict"],
        code_version=publication["code_version"],
        body=facts["position"][0]["accountable_body"] or NOTHING,
        headline=_headline(cards),
        cards=cards,
        points=[_page(card, facts) for card in cards],
        moved=_moved(facts, before),
        changed=_changed(facts, before),
        freshness=_freshness(facts),
        quality=_quality(facts),
        broken=_broken(facts),
        exceptions=_exceptions(facts),
        tracked=[r["title"] for r in facts["recommendation"] if r["point_code"] is None],
        statuses=tuple(words.STATUSES.values()),
    )


def _headline(cards: Sequence[Card]) -> str:
    yes = sum(card.answer.answer == "Yes" for card in cards)
    unknown = sum(card.answer is words.UNKNOWN for card in cards)
    said = f"Of four points, {yes if yes else 'none'} {'is' if yes == 1 else 'are'} met"
    if unknown:
        said += f" and {unknown} cannot be said, because a source is not up to date"
    return said + "."


def _of(rows: Sequence[Row], point: str) -> list[Row]:
    return [row for row in rows if row["point_code"] == point]


def _card(row: Row, facts: Facts) -> Card:
    code = row["point_code"]
    history = _of(facts["position_trend"], code)
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


def _page(card: Card, facts: Facts) -> PointPage:
    (position,) = _of(facts["position"], card.code)
    return PointPage(
        card=card,
        measure=position["measure_title"],
        computed=position["measure_description"],
        pictures=_pictures(card.code, position, facts),
        more=_more_pictures(card.code, facts),
        measures=_measures(_of(facts["measure_trend"], card.code)),
        disagreements=Table(
            "When they disagreed",
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
                for row in _of(facts["disagreement"], card.code)
            ],
            "They never did.",
        ),
    )


def _pictures(code: str, position: Row, facts: Facts) -> list[Picture]:
    """Return the pictures at the head of a point's page."""
    today = position["as_at"].astimezone(LONDON).date()
    said = timelines.voices(_of(facts["voice"], code), today)
    if code == "INTEL_PLAN":
        return [
            timelines.plans(facts["plan_strand"], today, position["deadline"]),
            said,
            *_waiting(code, facts),
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
            said,
        ]
    if code == "HYDRA":
        second = trends.by_team(
            "By team, today", _of(facts["measure_by_team"], code), "passed", "not yet"
        )
    else:
        second = training.modules_done(facts["training_by_modules_done"])
    return [trend, second, *_waiting(code, facts), said]


def _more_pictures(code: str, facts: Facts) -> list[Picture]:
    """Return the pictures that stand behind the tables of a point's page."""
    if code == "NCCU_INTEL":
        teams = _of(facts["measure_by_team"], code)
        return [
            trends.by_team(
                "By team: twelve months and this one", teams, "with document", "without"
            ),
            *_waiting(code, facts),
        ]
    return training.heat_maps(facts["training_by_team"]) if code == "ELEARNING" else []


def _waiting(code: str, facts: Facts) -> list[Picture]:
    rows = _of(facts["exception_by_age"], code)
    return [referrals.age_of_open("What waits, and how long", rows)] if rows else []


def _measures(rows: Sequence[Row]) -> Table:
    """Return every measure of a point: the last complete month and the current one."""
    latest: dict[str, dict[bool, Row]] = {}
    for row in rows:
        latest.setdefault(row["title"], {})[row["is_complete_period"]] = row
    return Table(
        "Every measure of the point",
        ("Measure", "Last complete month", "This month so far"),
        [
            (title, _measured(found.get(True)), _measured(found.get(False)))
            for title, found in latest.items()
        ],
    )


def _measured(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return NOTHING
    if row["unit_of_value"] == "hours":
        return f"{row['value']:.1f} hours (of {row['denominator']:,})"
    return f"{share(row['value'])} ({row['numerator']:,} of {row['denominator']:,})"


def _moved(facts: Facts, before: Before | None) -> Table:
    """Return how the four points moved since the pack that this one is compared with."""
    head = ("Point", "Then", "Now", "What moved it", "Status then", "Status now")
    if before is None:
        return Table(
            "Since the pack before", head, [], "This is the first pack that was made here."
        )
    then = {row["point_code"]: row for row in before.position}
    return Table(
        f"Since the pack of {words.long_day(before.day)}",
        head,
        [
            (
                words.POINTS[row["point_code"]],
                words.figure(old),
                words.figure(row),
                words.moved(old, row),
                words.status(old["status"]).word,
                words.status(row["status"]).word,
            )
            for row in facts["position"]
            if (old := then.get(row["point_code"])) is not None
        ],
    )


def _changed(facts: Facts, before: Before | None) -> Table:
    restated = facts["restatement"] if before is None else before.restated
    return Table(
        "Figures already published that are others now",
        ("Measure", "Month", "Before", "Now", "Because of", "Records"),
        [
            (
                row["title"],
                words.month(words.as_day(row["period_start"])),
                _value(row, row["value_before"]),
                _value(row, row["value_after"]),
                words.CAUSES[row["cause"]],
                f"{row['record_count']:,}",
            )
            for row in restated
        ],
        "None.",
    )


def _value(row: Row, value: Any) -> str:
    if value is None:
        return NOTHING
    return share(float(value)) if row["unit_of_value"] == "share" else f"{float(value):.1f} hours"


def _freshness(facts: Facts) -> Table:
    return Table(
        "How fresh the sources are",
        ("Dataset", "State", "Last delivery", "Due again by"),
        [
            (
                row["dataset"],
                row["verdict"] + (f": {row['reason']}" if row["reason"] else ""),
                moment(row["last_landed_at"]),
                moment(row["due_by"]),
            )
            for row in facts["freshness"]
        ],
    )


def _quality(facts: Facts) -> Table:
    totals: dict[str, list[int]] = {}
    for row in facts["data_quality"]:
        total = totals.setdefault(row["dimension"], [0, 0])
        total[0] += row["expectations"]
        total[1] += row["failed"]
    return Table(
        "What was checked before this was published",
        ("What is protected", "Checks", "Not met"),
        [
            (words.sentence(dimension), f"{checks:,}", f"{failed:,}")
            for dimension, (checks, failed) in sorted(totals.items())
        ],
    )


def _broken(facts: Facts) -> Table:
    return Table(
        "What was not met",
        ("Dataset", "What is protected", "Severity", "Checks not met"),
        [
            (
                row["dataset"],
                words.sentence(row["dimension"]),
                row["severity"],
                f"{row['failed']} of {row['expectations']}",
            )
            for row in facts["data_quality_failed"]
        ],
        "Every check was met.",
    )


def _exceptions(facts: Facts) -> Table:
    """Return how much waits in each team, by kind: numbers, and nobody's identity."""
    rows = facts["exception_by_team"]
    codes = [code for code in words.EXCEPTIONS if any(r["exception_code"] == code for r in rows)]
    teams: dict[str, dict[str, int]] = {}
    for row in rows:
        team = teams.setdefault(_team_name(row), {})
        team[row["exception_code"]] = team.get(row["exception_code"], 0) + row["exceptions"]
    ranked = sorted(teams.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return Table(
        "What waits for somebody to act, by team",
        ("Team", *(words.EXCEPTIONS[code] for code in codes), "All"),
        [
            (team, *(str(found.get(code, "·")) for code in codes), str(sum(found.values())))
            for team, found in ranked
        ],
        "Nothing waits.",
    )


def _team_name(row: Row) -> str:
    if row["org_unit_code"] == "UNKNOWN":
        return "Officer not resolved"
    return str(row["org_unit_name"] or "No team")

"""The first page of the Board's pack: what somebody must know who reads nothing else."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from oic_assurance.clock import london_day
from oic_assurance.formats import NOTHING, count, joined, long_day, share, short_day
from oic_assurance.reporting.pack import charts
from oic_assurance.reporting.pack.facts import Facts, Row, nothing, of_point
from oic_assurance.reporting.pack.prose import WORDS
from oic_assurance.reporting.pack.since import Since
from oic_assurance.reporting.paper.document import Cards, Listing, Section, Table, Text
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.paper.shapes import shape_of
from oic_assurance.reporting.points import POINTS

#: An open action is due if its date is at most this far ahead: until about the next meeting.
DUE_SOON = timedelta(days=42)
#: The statuses of actions that are not closed.
OPEN = ("OVERDUE", "OPEN")
#: How many actions the first page shows. The page of each point shows all of its own.
ACTIONS_FIRST = 5


def card(row: Row, facts: Facts) -> dict[str, Any]:
    """Return what the pack says about a point: its row of `assurance_answer`, and what is drawn.

    `low`, `value`, `high` and `goal` are fractions from 0 to 1: the ends of the interval, the
    figure and the target. `trend` is the figure over time, as SVG.
    """
    (position,) = of_point(facts["position"], row["point_code"])
    goal = position["target"]
    if goal is not None and POINTS[row["point_code"]].is_checklist:
        goal = goal / position["denominator"] if position["denominator"] else None
    owner = position["owner_role"] or NOTHING
    unconfirmed = position["owner_role"] and not position["is_owner_confirmed"]
    later = _later(position)
    return {
        **{name: "" if value is None else str(value) for name, value in row.items()},
        "status_since": "" if row["status_since"] is None else long_day(row["status_since"]),
        "figure_words": row["figure_words"] or NOTHING,
        "target_words": f"{row['target_words'] or NOTHING}{later}",
        "shape": shape_of(row["status"], row["answer_code"]),
        "owner": f"{owner} (not confirmed)" if unconfirmed else owner,
        "low": position["ci_low"] or 0.0,
        "value": position["value"] or 0.0,
        "high": position["ci_high"] or 0.0,
        "goal": goal,
        "trend": charts.sparkline(of_point(facts["position_trend"], row["point_code"]), goal),
        "at_deadline": _at_deadline(position),
        "views": _views(position, row["status_word"]),
    }


def _later(row: Row) -> str:
    """Return how the target or deadline changes later: " (from 1 January 2027: 90%)"."""
    if row["changes_on"] is None:
        return ""
    parts = []
    if row["target_then"] != row["target"]:
        is_list = POINTS[row["point_code"]].is_checklist
        then = row["target_then"]
        parts.append(f"{then:g}" if is_list else f"{then * 100:g}%")
    if row["deadline_then"] != row["deadline"]:
        parts.append(f"deadline {long_day(row['deadline_then'])}")
    return f" (from {long_day(row['changes_on'])}: {', '.join(parts)})" if parts else ""


def _at_deadline(row: Row) -> str:
    """Return the figure and the status on the deadline day, in words. Empty before that day.

    The figure is computed from what is known now. If what was known on that day gives another
    figure or status, the text has both results.
    """
    if row["status_at_deadline"] is None:
        return ""
    now, then = (
        _figure_and_status(row, row[f"value_at_deadline{known}"], row[f"status_at_deadline{known}"])
        for known in ("", "_known_then")
    )
    return f"{now}." if then in (now, "") else f"{now}; as known then: {then}."


def _figure_and_status(row: Row, value: float | None, status: str | None) -> str:
    if status is None:
        return ""
    if value is None:
        return labels("status")[status].lower()
    figure = share(value)
    if POINTS[row["point_code"]].is_checklist:
        figure = f"{round(value * row['denominator'])} of {row['denominator']}"
    return f"{figure}, {labels('status')[status].lower()}"


def status_word(row: Row) -> str:
    """Return the word for a status. Publications from before words were kept have only the code."""
    return str(row["status_word"] or labels("status")[row["status"]]).lower()


def view(voice: str, status: str | None, *, is_by_months: bool = False) -> str:
    """Return the view of the force, the data or the Commissioner in words.

    If a point is judged by its months, chance can explain a part of the days on which it slipped.
    """
    if voice == "DATA" and status == "slipping" and is_by_months:
        return str(WORDS["lower"])
    return labels("status")[status] if voice == "DATA" and status else sentence(status)


def sentence(code: str | None) -> str:
    """Return a code as words: `NOT_ASSURED` becomes `Not assured`."""
    return NOTHING if not code else code.replace("_", " ").capitalize()


def _views(row: Row, now: str) -> str:
    force, commissioner = row["force_self_assessment"], row["commissioner_judgement"]
    views = (sentence(force or "none"), now, sentence(commissioner or "none"))
    text = "; ".join(
        f"{labels('voice')[who]}: {one.lower()}"
        for who, one in zip(charts.VOICES, views, strict=True)
    )
    if not row["disagrees"]:
        return f"{text}."
    since = f" since {long_day(row['disagrees_since'])}" if row["disagrees_since"] else ""
    return f"{text}. They have differed{since}."


def sections(cards: Sequence[Row], facts: Facts, since: Since) -> list[Section]:
    """Return the sections of the first page."""
    waiting = [row for row in facts["board_log_question"] if row["days_open"] is not None]
    unanswered = [
        Text(
            f"{count(len(waiting), 'question')} of the Board without an answer. The oldest was put "
            f"on {long_day(waiting[0]['raised_on'])}: {waiting[0]['question']}"
        )
        for _ in waiting[:1]
    ]
    when = "Since the Board met on " if since.is_meeting else "Since "
    acted = actions(facts["board_action"], facts, ACTIONS_FIRST)
    other = sum(row["point_code"] is None for row in facts["recommendation"])
    measured = (
        f"{count(other, 'further recommendation')} of the report {'has' if other == 1 else 'have'} "
        "no measure."
    )
    return [
        Section(
            "The points",
            "points",
            [
                Cards("The points", cards),
                *([Text(measured, is_quiet=True)] if other else []),
            ],
        ),
        Section(f"{when}{long_day(since.day)}", "since", [_moved(cards, facts, since)]),
        Section(acted.title, "actions", [acted]),
        Section(
            "Questions to put",
            "questions",
            [
                Listing(
                    "Questions to put",
                    [
                        (f"{one['point_label']}.", row["words"])
                        for one in cards
                        for row in of_point(facts["board_question"], one["point_code"])
                        if row["rank"] == 1
                    ],
                    nothing(facts, "board_question", "The data gives no question."),
                ),
                *unanswered,
            ],
        ),
    ]


def changed(facts: Facts, since: Since) -> str:
    """Return a sentence about changed statuses, and about the Board's actions that are overdue."""
    text = moved_in_words(facts, since)
    states = Counter(row["status"] for row in facts["board_action"])
    overdue, open_now = states["OVERDUE"], states["OVERDUE"] + states["OPEN"]
    if not states:
        return f"{text}."
    if not open_now:
        return f"{text}; no action of the Board is open."
    if not overdue:
        return f"{text}; none of {count(open_now, 'open action')} is overdue."
    if overdue == open_now > 1:
        return f"{text}; all {open_now} open actions are overdue."
    verb = "is" if overdue == 1 else "are"
    return f"{text}; {overdue} of {count(open_now, 'open action')} {verb} overdue."


def moved_in_words(facts: Facts, since: Since) -> str:
    """Return which statuses have changed since the day with which the pack compares."""
    when = f"Since {'the Board met on ' if since.is_meeting else ''}{long_day(since.day)}"
    before = since.shown or since.then
    if not before:
        return f"{when}, nothing can be compared"
    moved = [
        f"{row['point_label']} from {status_word(then)} to {status_word(row)}"
        for row in facts["answer"]
        if (then := before.get(row["point_code"])) and status_word(then) != status_word(row)
    ]
    if not moved:
        return f"{when}, no status has changed"
    return f"{when}, the status has changed for {joined(moved)}"


def _moved(cards: Sequence[Row], facts: Facts, since: Since) -> Table:
    """Return each point's position on the day with which the pack compares, and what changed."""
    before = since.shown or since.then
    rows = []
    for one in cards:
        then = before.get(one["point_code"])
        (now,) = of_point(facts["position"], one["point_code"])
        rows.append(
            (
                one["point_label"],
                NOTHING if then is None else _then(one["point_code"], then),
                f"{one['figure_words']}, {status_word(one)}",
                NOTHING if then is None else _change(then, now, facts),
            )
        )
    return Table(
        f"Since {'the Board met on ' if since.is_meeting else ''}{long_day(since.day)}",
        (
            "Point",
            "What the Board was told then" if since.shown else "Then, as known now",
            "Today",
            "Change",
        ),
        rows,
        widths=(1.1, 1.4, 1.1, 2.4),
        note=f"Then: publication {since.publication_id}, as readers saw it."
        if since.shown
        else "Readers saw no publication on that day, so the table shows it as it is known now.",
    )


def _then(code: str, row: Row) -> str:
    status = status_word(row)
    if not row["denominator"]:
        return status
    parts = f"{row['numerator']:,} of {row['denominator']:,}"
    if period := row.get("figure_period"):
        parts += f", {period}"
    if POINTS[code].is_checklist:
        return f"{parts}, {status}"
    return f"{share(row['value'])} ({parts}), {status}"


def _change(then: Row, now: Row, facts: Facts) -> str:
    """Return how a position has changed: its status, its figure, and the numbers behind it.

    A share can rise because more records meet the requirement, or because fewer are counted.
    """
    status = "" if status_word(then) == status_word(now) else "The status has changed"
    if then["numerator"] is None or now["numerator"] is None:
        return f"{status or NOTHING}"
    met = now["numerator"] - then["numerator"]
    total = now["denominator"] - then["denominator"]
    if not met and not total:
        return f"{status}, with the same figure." if status else "No change."
    text = f"{_more(met)} met, {_more(total)} counted"
    is_list = POINTS[now["point_code"]].is_checklist
    if not is_list and then["value"] is not None and now["value"] is not None:
        points = f"{(now['value'] - then['value']) * 100:+.1f}".replace("-", "−")
        text = f"{points} points: {text}"
    months = [
        row
        for row in of_point(facts["control_limits"], now["point_code"])
        if row["is_of_position"] and row["variation"] is not None and not row["is_snapshot"]
    ]
    sign = [WORDS["signs"][row["variation"]] for row in months[-1:]]
    return " ".join([*([f"{status}."] if status else []), f"{text}.", *sign])


def _more(number: int) -> str:
    return f"{abs(number):,} {'more' if number >= 0 else 'fewer'}"


def left_out(facts: Facts) -> str:
    """Return what the figures leave out, in a sentence."""
    items: Counter[str] = Counter()
    for row in facts["left_out"]:
        items[row["left_out_label"]] += row["items"]
    if not items:
        return nothing(facts, "left_out", "The figures leave nothing out.")
    parts = [f"{what.lower()} {number:,}" for what, number in sorted(items.items())]
    return f"Left out of the figures (see Methods and quality): {', '.join(parts)}."


def actions(rows: Sequence[Row], facts: Facts, most: int | None = None) -> Table:
    """Return a table of the Board's actions that need attention.

    The most overdue ones come first, then the open ones by their date, then the closed ones.

    An open action needs attention if it is due within `DUE_SOON`, or if its date has moved. An
    overdue action needs attention. So does an action that was closed although its point is not met.
    `most` limits the number of rows, and the others are counted.
    """
    today = london_day(facts["publication"][0]["as_at"])
    wanted = [row for row in rows if _needs_attention(row, today)]
    ranked = sorted(wanted, key=lambda row: (row["status"] not in OPEN, row["due_on"] or date.max))
    more = len(ranked) - len(ranked[:most])
    return Table.of(
        "Actions of the Board that need attention",
        ranked[:most],
        {
            "Action": "action",
            "Point": lambda row: (
                POINTS[row["point_code"]].name if row["point_code"] in POINTS else NOTHING
            ),
            "Who": "owner_role",
            "Due": lambda row: short_day(row["due_on"]),
            "State": _state,
        },
        empty="No action of the Board needs attention."
        if facts["board_action"]
        else nothing(facts, "board_action", "The force delivers no log of the Board."),
        widths=(2.4, 1.1, 1.3, 0.75, 1.9),
        note=f"{count(more, 'more action')} on the pages of the points." if more else "",
    )


def _needs_attention(row: Row, today: date) -> bool:
    if row["status"] == "OVERDUE" or row["closed_but"] is not None:
        return True
    if row["status"] != "OPEN":
        return False
    is_due = row["due_on"] is not None and row["due_on"] <= today + DUE_SOON
    return is_due or bool(row["times_moved"])


def _state(row: Row) -> str:
    parts = [row["status_label"].lower()]
    if row["status"] == "OVERDUE":
        parts = [f"overdue by {count(row['days_overdue'], 'day')}"]
    if row["times_moved"]:
        times = {1: "once", 2: "twice"}.get(row["times_moved"], f"{row['times_moved']} times")
        parts.append(f"moved {times}, first due {short_day(row['first_due_on'])}")
    if row["closed_but"] is not None:
        but = row["closed_but_label"]
        parts.append(f"although {but[:1].lower()}{but[1:]}")
    return ", ".join(parts)

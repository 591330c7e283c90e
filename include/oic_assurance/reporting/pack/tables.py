"""The tables of the Board's pack: changes, actions, answers, sign-off, freshness and checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from oic_assurance.formats import (
    NOTHING,
    count,
    difference,
    in_unit,
    long_day,
    moment,
    share,
    short_day,
)
from oic_assurance.operations.sign_off.entries import WORDS
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.pack.since import Since
from oic_assurance.reporting.points import POINTS, place

#: An open action is due if its date is at most this far ahead: until about the next meeting.
DUE_SOON = timedelta(days=42)
#: How many of the Board's questions a point's page shows.
MOST_ANSWERS = 5


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        head: The names of the columns.
        rows: The cells of each row, one for each column.
        empty: The sentence to show if there are no rows.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = ""


def moved(facts: Facts, since: Since) -> Table:
    """Return a table of each point's position on the day with which the pack compares, and now."""
    told = bool(since.told)
    return Table(
        f"Since the Board met on {long_day(since.day)}"
        if since.is_meeting
        else f"Since {long_day(since.day)}",
        (
            "Point",
            "What the Board was told then" if told else "Then, as known now",
            "Today",
            "Change",
        ),
        [
            (
                POINTS[row["point_code"]].name,
                _position(row["point_code"], (since.told or since.then).get(row["point_code"])),
                _position(row["point_code"], row),
                _change((since.told or since.then).get(row["point_code"]), row, facts),
            )
            for row in sorted(facts["position"], key=lambda row: place(row["point_code"]))
        ],
    )


def not_told(since: Since) -> str:
    """Return a sentence that says where the earlier positions in the table `moved` come from."""
    if since.told:
        return f"Then: publication {since.publication_id}, as readers saw it."
    return "Readers saw no publication on that day, so the table shows the day as it is known now."


def _position(code: str, row: Row | None) -> str:
    if row is None:
        return NOTHING
    status = words.status(row["status"]).word.lower()
    if POINTS[code].is_checklist or row["denominator"] is None:
        return f"{words.figure({**row, 'point_code': code})}, {status}"
    return f"{share(row['value'])} ({row['numerator']:,} of {row['denominator']:,}), {status}"


def _change(then: Row | None, now: Row, facts: Facts) -> str:
    """Return how a position changed, and what control limits say of the last complete month."""
    if then is None or then["numerator"] is None or now["numerator"] is None:
        return NOTHING
    text = words.change(then, now)
    sign = _sign(now["point_code"], facts)
    return f"{text}. {sign}" if sign and text != "no change" else text


def _sign(code: str, facts: Facts) -> str:
    """Return what control limits say about the last complete month.

    The text is empty if there are no limits, and for a snapshot measure.
    """
    months = [
        row
        for row in facts["control_limits"]
        if row["point_code"] == code and row["is_of_position"] and row["variation"] is not None
    ]
    if not months or months[-1]["is_snapshot"]:
        return ""
    return {
        "COMMON": "Last complete month: no more than chance",
        "IMPROVING": "Last complete month: improving by more than chance",
        "CONCERNING": "Last complete month: worse by more than chance",
    }[months[-1]["variation"]]


def changed(facts: Facts, since: Since) -> Table:
    """Return a table of restated figures, with one row for each figure and cause.

    The change in a row is the part of the figure's change that the cause alone made. The changes of
    all causes add up to the difference between the figure's first and last published value.
    """
    measures = {row["measure_code"]: row for row in facts["measure_trend"]}
    return Table(
        f"Published figures that have changed since {long_day(since.day)}",
        ("Measure", "Month", "Before", "Now", "Cause", "Change", "Records"),
        [
            (
                measures[figure.measure_code]["title"],
                words.month(figure.month),
                _value(measures[figure.measure_code], figure.before),
                _value(measures[figure.measure_code], figure.after),
                words.CAUSES[cause],
                _difference(measures[figure.measure_code], change),
                f"{records:,}",
            )
            for figure in since.restated
            if figure.measure_code in measures
            for cause, (change, records) in figure.causes.items()
        ],
        _none_changed(since),
    )


def not_kept(since: Since) -> str:
    """Return a sentence that names the publications whose restatements are not kept, if any."""
    if not since.not_kept:
        return ""
    numbers = ", ".join(map(str, since.not_kept))
    return f"Changes can be missing, because those of these publications are not kept: {numbers}."


def _none_changed(since: Since) -> str:
    if not since.told:
        return "Nothing had been published by then, so no published figure can have changed."
    return "None is known." if since.not_kept else "None."


def _value(measure: Row, value: float | None) -> str:
    return in_unit(None if value is None else float(value), measure["unit_of_value"])


def _difference(measure: Row, change: float | None) -> str:
    if change is None:
        return NOTHING
    number = difference(change, measure["unit_of_value"])
    return number.replace("-", "−")


def actions(rows: Sequence[Row], today: date, most: int | None = None) -> Table:
    """Return a table of the Board's actions that need attention, the most overdue first.

    An open action needs attention if it is due within `DUE_SOON`, or if its date has moved. An
    overdue action needs attention. So does an action that was closed although its point is not met.
    `most` limits the number of rows.
    """
    wanted = [row for row in rows if _needs_attention(row, today)]
    ranked = sorted(wanted, key=lambda row: (-(row["days_overdue"] or 0), row["due_on"] or today))
    return Table(
        "Actions that are due, overdue or moved",
        ("Action", "Point", "Who", "Due", "State"),
        [
            (
                row["action"],
                POINTS[row["point_code"]].name if row["point_code"] in POINTS else NOTHING,
                row["owner_role"] or NOTHING,
                short_day(row["due_on"]),
                _state(row),
            )
            for row in ranked[:most]
        ],
        "No action of the Board is due, overdue or moved."
        if rows
        else "The force delivers no log of the Board.",
    )


def left_out(rows: Sequence[Row], today: date, shown: int) -> int:
    """Return how many actions that need attention are not among the first `shown` of them."""
    return max(sum(_needs_attention(row, today) for row in rows) - shown, 0)


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
        first = f", first due {short_day(row['first_due_on'])}"
        parts.append(f"moved {_times(row['times_moved'])}{first}")
    if row["closed_but"] is not None:
        parts.append(f"although {words.first_lower(row['closed_but_label'])}")
    return ", ".join(parts)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def unanswered(rows: Sequence[Row]) -> str:
    """Return a sentence about the Board's questions that have no answer yet, if there are any."""
    waiting = sorted(
        (row for row in rows if row["days_open"] is not None), key=lambda row: row["raised_on"]
    )
    if not waiting:
        return ""
    oldest = waiting[0]
    return (
        f"{count(len(waiting), 'question')} of the Board without an answer. The oldest was put on "
        f"{long_day(oldest['raised_on'])}: {oldest['question']}"
    )


def answers(rows: Sequence[Row]) -> Table:
    """Return a table of the questions that the Board put, with their answers, the newest first."""
    ranked = sorted(rows, key=lambda row: (row["raised_on"], row["question_ref"]), reverse=True)
    shown = ranked[:MOST_ANSWERS]
    which = f": the newest {len(shown)} of {len(ranked)}" if len(shown) < len(ranked) else ""
    return Table(
        f"What the Board asked, and the answers{which}",
        ("Put on", "Question", "Answer"),
        [
            (
                short_day(row["raised_on"]),
                row["question"],
                row["answer"]
                or f"No answer yet, {count(row['days_open'] or 0, 'day')} after it was put.",
            )
            for row in shown
        ],
        "The Board has put no question on this point.",
    )


def signed(rows: Sequence[Row]) -> Table:
    """Return a table of the steps of a closure, the newest first."""
    return Table(
        "Sign-off",
        ("Step", "When", "By", "On", "What the point showed", "In force"),
        [
            (
                _step(row),
                moment(row["at"]),
                row["by_role"] or NOTHING,
                f"publication {row['made_on_publication']}"
                if row["made_on_publication"]
                else NOTHING,
                share(row["value_then"]),
                "yes" if row["is_in_force"] else "no",
            )
            for row in sorted(rows, key=lambda row: row["at"], reverse=True)
        ],
        "Nobody has signed anything on this point yet.",
    )


def _step(row: Row) -> str:
    name = WORDS[row["step"]]
    return f"{name}: {words.sentence(row['cause']).lower()}" if row["cause"] else name


def recommendations(facts: Facts) -> Table:
    """Return a table of the recommendations that have no measure."""
    return Table(
        "Recommendations that no measure shows",
        ("Recommendation", "Comment of the policing body", "Closure"),
        [
            (row["title"], _comment(row), _closure(facts, row["recommendation_code"]))
            for row in facts["recommendation"]
            if row["point_code"] is None
        ],
        "There are none.",
    )


def _comment(row: Row) -> str:
    if row["comment_due_on"] is None:
        return NOTHING
    due = short_day(row["comment_due_on"])
    return {
        "ANSWERED_IN_TIME": f"made on {short_day(row['commented_on'])}, in time",
        "ANSWERED_LATE": f"made on {short_day(row['commented_on'])}, due {due}",
        "ANSWERED_DAY_UNKNOWN": "made, on a day that nobody has confirmed",
        "RUNNING": f"due {due}",
        "OVERDUE": f"overdue since {due}",
    }.get(row["comment_status"], NOTHING)


def _closure(facts: Facts, code: str) -> str:
    steps = [
        row
        for row in facts["sign_off"]
        if row["recommendation_code"] == code and row["is_in_force"]
    ]
    if not steps:
        return "open"
    last = max(steps, key=lambda row: row["at"])
    return f"{WORDS.get(last['step'], last['step'])}, {short_day(last['at'])}, on evidence alone"


def contradicted(facts: Facts) -> Table:
    """Return a table of how often a party said "complete" although the data did not say so.

    The parties are the force and the Commissioner.
    """
    return Table(
        'How often "complete" was not what the data said',
        (
            "Voice",
            "Since",
            "Statements that a point is complete",
            "Not so on that day",
            "Days on which it stood",
            "Not so",
        ),
        [
            (
                words.VIEWS[row["voice"]],
                words.month(row["since"]),
                f"{row['denominator']:,}",
                f"{row['numerator']:,} ({share(row['numerator'] / row['denominator'])})",
                f"{row['days_said_complete']:,}",
                f"{row['days_contradicted']:,}",
            )
            for row in facts["voice_contradicted"]
            if row["denominator"]
        ],
        "Nobody has said that a point is complete.",
    )


def problems(facts: Facts) -> Table:
    """Return a table of what was wrong when the pack was made, as `assurance status` names it."""
    return Table(
        "What was wrong when this pack was made",
        ("Problem", "Since", "Readers see", "Who mends it"),
        [
            (row["title"], moment(row["since"]), row["readers_see"], row["who"])
            for row in facts["problem"]
        ],
        "Nothing was wrong.",
    )


def freshness(facts: Facts) -> Table:
    """Return a table that shows for each dataset when it was last read, and when it is next due."""
    return Table(
        "Freshness of the sources",
        ("Dataset", "State", "Last read", "Next due by"),
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


def quality(facts: Facts) -> Table:
    """Return a table that shows, for each quality dimension, how many checks ran and failed."""
    totals: dict[str, list[int]] = {}
    for row in facts["data_quality"]:
        total = totals.setdefault(row["dimension"], [0, 0])
        total[0] += row["expectations"]
        total[1] += row["failed"]
    return Table(
        "Checks before publication",
        ("Quality dimension", "Checks", "Failed"),
        [
            (words.sentence(dimension), f"{checks:,}", f"{failures:,}")
            for dimension, (checks, failures) in sorted(totals.items())
        ],
    )


def failed(facts: Facts) -> Table:
    """Return a table of failed checks, counted for each dataset, dimension and severity.

    These checks failed, but they did not block the publication.
    """
    return Table(
        "Failed checks",
        ("Dataset", "Quality dimension", "Severity", "Failed checks"),
        [
            (
                row["dataset"],
                words.sentence(row["dimension"]),
                row["severity"],
                f"{row['failed']} of {row['expectations']}",
            )
            for row in facts["data_quality_failed"]
        ],
        "All checks passed.",
    )


def exceptions(facts: Facts) -> Table:
    """Return a table that counts open exceptions by team and kind.

    The team with the most exceptions comes first.
    """
    rows = facts["exception_by_team"]
    codes = [code for code in words.EXCEPTIONS if any(r["exception_code"] == code for r in rows)]
    teams: dict[str, dict[str, int]] = {}
    for row in rows:
        team = teams.setdefault(_team_name(row), {})
        team[row["exception_code"]] = team.get(row["exception_code"], 0) + row["exceptions"]
    ranked = sorted(teams.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return Table(
        "Open exceptions by team",
        ("Team", *(words.EXCEPTIONS[code] for code in codes), "Total"),
        [
            (team, *(str(found.get(code, "·")) for code in codes), str(sum(found.values())))
            for team, found in ranked
        ],
        "There are no open exceptions.",
    )


def _team_name(row: Row) -> str:
    if row["org_unit_code"] == "UNKNOWN":
        return "Officer not resolved"
    return str(row["org_unit_name"] or "No team")

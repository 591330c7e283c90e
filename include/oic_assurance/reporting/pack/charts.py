"""The charts of the Board's pack that have no control limits. Units are in the order of names."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from oic_assurance.formats import NOTHING, count, long_day, month
from oic_assurance.reporting.paper.document import Picture
from oic_assurance.reporting.paper.drawing import (
    ALARM,
    DARK,
    INK,
    LIGHT,
    MIDDLE,
    QUIET,
    SAND,
    WHITE,
    data,
    fixed_scale,
    names_axis,
    stacked,
    svg,
    time_axis,
)
from oic_assurance.reporting.paper.labels import labels

Rows = Sequence[dict[str, Any]]
#: What stands in the place of a chart without a case.
NO_CASES = "There is nothing to count yet."
#: Who has a view of a point, in the order in which pages show them.
VOICES = ("FORCE", "DATA", "COMMISSIONER")
#: The classes of a reported case, from the best to the worst, each with its shade.
CLASSES = {
    "submitted_in_time": DARK,
    "submitted_late": MIDDLE,
    "submitted_by_other": LIGHT,
    "submitted_invalid": SAND,
    "missing": ALARM,
    "awaiting": WHITE,
}
AGES = {"0-1": WHITE, "2-7": LIGHT, "8-28": MIDDLE, "over 28": DARK}
MONTHS = 13
#: A chart of teams has at most this many, and a heat map half as many again.
MAX_TEAMS = 12
HEAT_TEAMS = 22


def sparkline(rows: Rows, target: float | None) -> str:
    """Return, as SVG, a small chart without axes that shows how a position changed over time.

    A dashed line shows the target, a fraction from 0 to 1. The result is empty if there are fewer
    than two values.
    """
    shown = [row for row in rows if row["value"] is not None]
    if len(shown) < 2:
        return ""
    base = alt.Chart(data(shown)).encode(
        # The padding keeps the dot of the last day inside the drawing.
        x=alt.X("day:T", axis=None, scale=alt.Scale(padding=5)),
        y=alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
    )
    end = alt.Chart(data(shown[-1:])).encode(x="day:T", y="value:Q")
    layers = [
        base.mark_area(color=LIGHT, opacity=0.6, interpolate="step-after"),
        base.mark_line(color=DARK, strokeWidth=2, interpolate="step-after"),
        end.mark_point(fill=DARK, stroke=DARK, size=40, opacity=1),
    ]
    if target is not None:
        goal = alt.Chart(data([{"value": target}])).encode(y=alt.Y("value:Q", axis=None))
        layers.insert(1, goal.mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.2))
    return svg(alt.layer(*layers), width=220, height=44)


def by_team(title: str, rows: Rows, done: str, outstanding: str) -> Picture:
    """Return a chart of a measure by team, in the order of names.

    Each bar has two parts, which `done` and `outstanding` name. Only teams with outstanding records
    are drawn, and of these at most `MAX_TEAMS`. The table has all teams.
    """
    rows = sorted(rows, key=team)
    behind = [row for row in rows if row["numerator"] < row["denominator"]]
    most = sorted(behind, key=lambda row: row["numerator"] - row["denominator"])[:MAX_TEAMS]
    names = [team(row) for row in behind if row in most]
    counts = {(team(row), done): row["numerator"] for row in rows}
    counts |= {(team(row), outstanding): row["denominator"] - row["numerator"] for row in rows}
    left_out = f" The chart shows the {len(names)} with most." if len(names) < len(behind) else ""
    return Picture(
        title,
        f"{len(behind)} of {count(len(rows), 'team')} have something outstanding.{left_out} They "
        "are in the order of their names: so few cases do not rank a team."
        if rows
        else NO_CASES,
        svg(stacked(counts, names, {done: MIDDLE, outstanding: WHITE}), height=64 + 21 * len(names))
        if names
        else "",
        ("Team", done.capitalize(), "Of"),
        [(team(row), f"{row['numerator']:,}", f"{row['denominator']:,}") for row in rows],
    )


def team(row: Mapping[str, Any]) -> str:
    """Return the name of a team, or what stands in its place."""
    if row["org_unit_code"] == "UNKNOWN":
        return "Officer not resolved"
    if row["org_unit_code"] == "ALL":
        return "No team"
    return str(row["org_unit_name"] or "No team")


def classes_by_month(rows: Rows, today: date) -> Picture:
    """Return a chart of reported cases by class in the last `MONTHS` months.

    The month of `today` is not over, and its name says so.
    """
    words = labels("intelligence_class")
    begin = min((row["period_start"] for row in rows), default=today)
    months = [
        day
        for number in range(today.year * 12 + today.month - MONTHS, today.year * 12 + today.month)
        if (day := date(number // 12, number % 12 + 1, 1)) >= begin
    ]
    called = {
        day: month(day) + (" so far" if day == today.replace(day=1) else "") for day in months
    }
    counts = {
        (called[row["period_start"]], words[row["intelligence_class"]]): row["referrals"]
        for row in rows
        if row["period_start"] in months
    }
    used = {part for _, part in counts}
    shades = {words[code]: shade for code, shade in CLASSES.items() if words[code] in used}
    names = [*called.values()]
    missing = sum(number for (_, part), number in counts.items() if part == words["missing"])
    since = f", since {names[0]}" if names else ""
    return Picture(
        f"Reported cases by what became of their document{since}",
        f"{count(sum(counts.values()), 'case')} in {count(len(months), 'month')}. The "
        f"document is missing for {missing:,}."
        if counts
        else NO_CASES,
        svg(stacked(counts, names, shades, upright=True), height=250) if counts else "",
        ("Month", *shades),
        [(name, *(str(counts.get((name, part), 0)) for part in shades)) for name in names],
    )


def exceptions_by_age(rows: Rows) -> Picture:
    """Return a chart of a point's open exceptions by kind and age."""
    kinds, ages = labels("exception"), labels("age_band")
    counts = {
        (kinds[row["exception_code"]], ages[row["age_band"]]): row["exceptions"] for row in rows
    }
    names = sorted({kind for kind, _ in counts})
    shades = {ages[code]: shade for code, shade in AGES.items()}
    old = sum(number for (_, age), number in counts.items() if age == ages["over 28"])
    words = [
        f"{count(sum(counts.values()), 'open exception')} of all months, {old:,} of them older "
        "than four weeks."
    ]
    for name in names:
        of_kind = [row for row in rows if kinds[row["exception_code"]] == name]
        people = sum(row["people"] for row in of_kind)
        number = sum(row["exceptions"] for row in of_kind)
        if 0 < people < number:
            words.append(f"{name}: {number:,} for {count(people, 'officer')}.")
    return Picture(
        "Open exceptions today, by age",
        " ".join(words),
        svg(stacked(counts, names, shades), height=92 + 26 * max(len(names), 1)),
        ("Exception", *shades),
        [(name, *(str(counts.get((name, age), 0)) for age in shades)) for name in names],
    )


def modules_done(rows: Rows) -> Picture:
    """Return a chart of how many people have completed no module, one module and so on."""
    people = {row["modules_complete"]: row["people"] for row in rows}
    total = sum(people.values())
    modules = max((row["modules"] for row in rows), default=0)
    every = f"all {_in_words(modules)}"
    names = [_in_words(done).capitalize() for done in range(modules)] + [every.capitalize()]
    counts = {(name, "people"): people.get(done, 0) for done, name in enumerate(names)}
    return Picture(
        "Modules completed today",
        f"{people.get(modules, 0):,} of {count(total, 'person', 'people')} have completed "
        f"{every} modules, {people.get(0, 0):,} none."
        if total
        else NO_CASES,
        svg(stacked(counts, names, {"people": MIDDLE}), height=170) if total else "",
        ("Modules completed", "People"),
        [(done, f"{number:,}") for (done, _), number in counts.items()],
    )


def _in_words(number: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[number] if number < len(words) else str(number)


def heat_maps(rows: Rows) -> list[Picture]:
    """Return heat maps of the people who completed each training item today, by team.

    The teams are in the order of their names, in as many maps of equal size as there must be.
    """
    teams = sorted({team(row) for row in rows})
    many = -(-len(teams) // HEAT_TEAMS)
    size = -(-len(teams) // many) if many else 0
    parts = [teams[start : start + size] for start in range(0, len(teams), size or 1)]
    return [
        _heat_map(
            "Completed today by team" + (f", part {place} of {many}" if many > 1 else ""),
            {(team(row), row["requirement_code"]): row for row in rows if team(row) in part},
            part,
        )
        for place, part in enumerate(parts, 1)
    ]


def _heat_map(title: str, found: Mapping[tuple[str, str], Any], teams: Sequence[str]) -> Picture:
    items = {
        code: name for code, name in labels("requirement").items() if code in {c for _, c in found}
    }
    drawn = [
        {
            "team": name,
            "item": items[code].replace("Module ", "M"),
            "share": row["complete"] / row["people"],
            "words": f"{row['complete']}/{row['people']}",
        }
        for (name, code), row in found.items()
    ]
    axis = alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False)
    base = alt.Chart(data(drawn)).encode(
        x=alt.X(
            "item:N",
            sort=[name.replace("Module ", "M") for name in items.values()],
            title=None,
            axis=axis,
        ),
        y=alt.Y("team:N", sort=list(teams), title=None, axis=names_axis()),
    )
    # Ink is readable on the darkest cell (5.2 to 1), so all cells have text of one colour.
    scale = alt.Scale(domain=[0.4, 1], range=[WHITE, MIDDLE], clamp=True)
    cells = base.mark_rect(stroke=QUIET, strokeWidth=0.5).encode(
        color=alt.Color("share:Q", scale=scale, legend=None)
    )
    words = base.mark_text(fontSize=10.5, color=INK).encode(text="words:N")
    return Picture(
        title,
        "People who have completed it, of those who need it. A darker cell is a larger share. M1 "
        "to M4 are the modules. Where a cell is empty, nobody needs the item.",
        svg(alt.layer(cells, words), height=40 + 17 * len(teams)),
        ("Team", *items.values()),
        [
            (
                name,
                *(
                    f"{found[name, code]['complete']} of {found[name, code]['people']}"
                    if (name, code) in found
                    else NOTHING
                    for code in items
                ),
            )
            for name in teams
        ],
    )


def plans(rows: Rows, today: date, deadline: date | None) -> Picture:
    """Return a chart with one bar for each strand's plan, from its approval to its next review."""
    strands = labels("strand")
    spans = [
        {
            "name": strands[row["strand"]],
            "from": row["approved_on"],
            "until": row["review_due_on"],
            "part": "met" if row["is_met"] else "not met",
        }
        for row in rows
        if row["approved_on"] and row["review_due_on"]
    ]
    marks = [(today, "today"), *([(deadline, "deadline")] if deadline else [])]
    order = [strands[code] for code in ("COLLECT", "ANALYSE", "SHARE")]
    return Picture(
        "Plans from approval to review",
        f"{sum(bool(row['is_met']) for row in rows)} of {len(rows)} strands have an approved plan "
        "with an owner and evidence, whose review is not overdue. A bar is the plan that counts "
        "now; another plan may have counted before.",
        svg(_spans(spans, order, {"met": LIGHT, "not met": WHITE}, marks), height=170),
        (
            "Strand",
            "Plan",
            "Owner",
            "Approved",
            "Review due",
            "Evidence",
            "Met",
            "Met at the deadline",
        ),
        [
            (
                strands[row["strand"]],
                row["plan_ref"] or NOTHING,
                _yes(row["has_owner"]),
                long_day(row["approved_on"]),
                long_day(row["review_due_on"]),
                _yes(row["has_evidence"]),
                _yes(row["is_met"]),
                _yes(row["is_met_on_time"]),
            )
            for row in rows
        ],
    )


def _yes(value: bool | None) -> str:
    return NOTHING if value is None else "yes" if value else "no"


def views(rows: Rows, since: date, today: date) -> Picture:
    """Return a chart of the three views of a point since the report, a row for each view."""
    names = {code: labels("voice")[code] for code in VOICES}
    shown = [row for row in rows if (row["stood_until"] or today) >= since]
    spans = [
        {
            "name": names[row["voice"]],
            "from": max(row["changed_on"], since),
            "until": row["stood_until"] or today,
            "part": "assured" if row["is_assured"] else "not assured",
        }
        for row in shown
    ]
    current = {row["voice"]: row["status_words"] for row in rows if not row["stood_until"]}
    return Picture(
        f"Three views since {month(since)}",
        "Dark: this view is that the point is met. White: it is not. Today: "
        + "; ".join(f"{name}: {current.get(code, 'none').lower()}" for code, name in names.items())
        + ".",
        svg(_spans(spans, [*names.values()], {"assured": DARK, "not assured": WHITE}), height=150),
        ("View of", "Status", "From", "Until"),
        [
            (
                names[row["voice"]],
                row["status_words"],
                long_day(row["changed_on"]),
                long_day(row["stood_until"]) if row["stood_until"] else "today",
            )
            for row in rows
        ],
    )


def _spans(
    spans: Rows,
    names: Sequence[str],
    shades: Mapping[str, str],
    marks: Sequence[tuple[date, str]] = (),
) -> Any:
    """Return a chart of spans of days, a row for each name, with a line on each marked day."""
    legend = alt.Legend() if not marks else None
    bars = (
        alt.Chart(data(spans))
        .mark_bar(stroke=INK, strokeWidth=0.8, height={"band": 0.6})
        .encode(
            x=time_axis("from"),
            x2="until:T",
            y=alt.Y(
                "name:N", sort=list(names), title=None, axis=alt.Axis(domain=False, ticks=False)
            ),
            color=alt.Color("part:N", scale=fixed_scale(shades), legend=legend),
        )
    )
    lines = alt.Chart(
        data([{"day": day, "words": word, "down": 13 * n} for n, (day, word) in enumerate(marks)])
    ).encode(x="day:T")
    return alt.layer(
        bars,
        lines.mark_rule(color=INK, strokeDash=[4, 3]),
        lines.mark_text(align="left", dx=3, baseline="top", fontSize=11).encode(
            text="words:N", y=alt.value(0), yOffset=alt.YOffset("down:Q", scale=None)
        ),
    )

"""Pictures of training: who has what, team by team, and how many modules people have done."""

from collections.abc import Sequence
from typing import Any

from oic_assurance.reporting.pack.drawing import DARK, INK, MIDDLE, QUIET, WHITE, Picture, data, svg
from oic_assurance.reporting.pack.words import MODULES
from oic_assurance.reporting.screens.layout import share

Rows = Sequence[dict[str, Any]]
# Darker than this a cell is written in white.
DARK_ENOUGH = 0.75


def heat_maps(rows: Rows) -> list[Picture]:
    """Return the share of each team's people who have each item, in two halves."""
    teams = _ranked(rows)
    half = (len(teams) + 1) // 2
    return [
        _heat_map(title, [row for row in rows if row["org_unit_name"] in part], part)
        for title, part in (
            ("Who has what: teams with most to do", teams[:half]),
            ("Who has what: the other teams", teams[half:]),
        )
        if part
    ]


def _heat_map(title: str, rows: Rows, teams: Sequence[str]) -> Picture:
    import altair as alt

    drawn = [
        {
            "team": row["org_unit_name"],
            "item": MODULES[row["requirement_code"]],
            "share": row["complete"] / row["people"],
            "words": f"{row['complete']}/{row['people']}",
        }
        for row in rows
    ]
    base = alt.Chart(data(drawn)).encode(
        x=alt.X(
            "item:N",
            sort=list(MODULES.values()),
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
        ),
        y=alt.Y("team:N", sort=teams, title=None, axis=alt.Axis(domain=False, ticks=False)),
    )
    cells = base.mark_rect(stroke=QUIET, strokeWidth=0.5).encode(
        color=alt.Color(
            "share:Q",
            scale=alt.Scale(domain=[0.4, 1], range=[WHITE, DARK], clamp=True),
            legend=None,
        )
    )
    words = base.mark_text(fontSize=10.5).encode(
        text="words:N",
        color=alt.condition(f"datum.share > {DARK_ENOUGH}", alt.value(WHITE), alt.value(INK)),
    )
    items = [code for code in MODULES if any(row["requirement_code"] == code for row in rows)]
    found = {(row["org_unit_name"], row["requirement_code"]): row for row in rows}
    return Picture(
        title,
        "People who have it, of people who need it. The darker, the more have it.",
        svg(alt.layer(cells, words), height=40 + 17 * len(teams)),
        ("Team", *(MODULES[code] for code in items)),
        [(team, *(_cell(found.get((team, code))) for code in items)) for team in teams],
    )


def _cell(row: dict[str, Any] | None) -> str:
    return "–" if row is None else f"{row['complete']} of {row['people']}"


def _ranked(rows: Rows) -> list[str]:
    lacking: dict[str, int] = {}
    for row in rows:
        team = str(row["org_unit_name"])
        lacking[team] = lacking.get(team, 0) + row["people"] - row["complete"]
    return sorted(lacking, key=lambda team: (-lacking[team], team))


def modules_done(rows: Rows) -> Picture:
    """Return how many people have done none, one, two, three or all four modules."""
    import altair as alt

    people = {row["modules_complete"]: row["people"] for row in rows}
    drawn = [{"done": str(n), "people": people.get(n, 0)} for n in range(5)]
    base = alt.Chart(data(drawn)).encode(
        x=alt.X("people:Q", title=None, axis=None),
        y=alt.Y(
            "done:N", sort=None, title="modules done", axis=alt.Axis(domain=False, ticks=False)
        ),
    )
    chart = alt.layer(
        base.mark_bar(color=MIDDLE, stroke=QUIET, strokeWidth=0.6, height={"band": 0.7}),
        base.mark_text(align="left", dx=4).encode(text="people:Q"),
    )
    everybody = sum(people.values())
    return Picture(
        "Modules done",
        f"{people.get(4, 0):,} of {everybody:,} have done all four, {people.get(0, 0):,} none.",
        svg(chart, height=170),
        ("Modules done", "People", "Share"),
        [
            (
                str(n),
                f"{people.get(n, 0):,}",
                share(people.get(n, 0) / everybody if everybody else None),
            )
            for n in range(5)
        ],
    )

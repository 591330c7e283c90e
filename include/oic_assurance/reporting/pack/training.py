"""Charts of training: completion by team and item, and how many modules people completed."""

from collections.abc import Sequence
from typing import Any

from oic_assurance.formats import share
from oic_assurance.reporting.pack.words import MODULES
from oic_assurance.reporting.paper.drawing import (
    DARK,
    INK,
    MIDDLE,
    QUIET,
    WHITE,
    Picture,
    data,
    names_axis,
    svg,
)

Rows = Sequence[dict[str, Any]]
# If the share in a cell is above this number, the text of the cell is white, because the background
# is dark.
WHITE_TEXT_ABOVE = 0.75


def heat_maps(rows: Rows) -> list[Picture]:
    """Return two heat maps of the share of people who completed each training item, by team.

    The teams are sorted by the number of outstanding items. The first heat map shows the half of
    the teams that has the most, and the second shows the other half. If there is only one team,
    there is only one heat map.
    """
    teams = _ranked(rows)
    half = (len(teams) + 1) // 2
    return [
        _heat_map(title, [row for row in rows if row["org_unit_name"] in part], part)
        for title, part in (
            ("Completed by team: teams with most outstanding", teams[:half]),
            ("Completed by team: the other teams", teams[half:]),
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
            axis=alt.Axis(
                orient="top",
                labelAngle=0,
                domain=False,
                ticks=False,
                labelExpr="replace(datum.label, 'Module ', 'M')",
            ),
        ),
        y=alt.Y("team:N", sort=teams, title=None, axis=names_axis()),
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
        color=alt.condition(f"datum.share > {WHITE_TEXT_ABOVE}", alt.value(WHITE), alt.value(INK)),
    )
    items = [code for code in MODULES if any(row["requirement_code"] == code for row in rows)]
    found = {(row["org_unit_name"], row["requirement_code"]): row for row in rows}
    return Picture(
        title,
        "People who have completed it, of those who need it. A darker cell is a larger share. M1 "
        "to M4 are the modules. Where a cell is empty, nobody needs the item.",
        svg(alt.layer(cells, words), height=40 + 17 * len(teams)),
        ("Team", *(MODULES[code] for code in items)),
        [(team, *(_cell(found.get((team, code))) for code in items)) for team in teams],
    )


def _cell(row: dict[str, Any] | None) -> str:
    return "–" if row is None else f"{row['complete']} of {row['people']}"


def _ranked(rows: Rows) -> list[str]:
    """Return the names of the teams. The team with the most outstanding items comes first."""
    outstanding: dict[str, int] = {}
    for row in rows:
        team = str(row["org_unit_name"])
        outstanding[team] = outstanding.get(team, 0) + row["people"] - row["complete"]
    return sorted(outstanding, key=lambda team: (-outstanding[team], team))


def modules_done(rows: Rows) -> Picture:
    """Return a chart of how many people have completed no module, one module and so on."""
    import altair as alt

    people = {row["modules_complete"]: row["people"] for row in rows}
    drawn = [{"done": str(n), "people": people.get(n, 0)} for n in range(5)]
    base = alt.Chart(data(drawn)).encode(
        x=alt.X("people:Q", title=None, axis=None),
        y=alt.Y(
            "done:N", sort=None, title="modules completed", axis=alt.Axis(domain=False, ticks=False)
        ),
    )
    chart = alt.layer(
        base.mark_bar(color=MIDDLE, stroke=QUIET, strokeWidth=0.6, height={"band": 0.7}),
        base.mark_text(align="left", dx=4).encode(text="people:Q"),
    )
    total = sum(people.values())
    return Picture(
        "Modules completed today",
        f"{people.get(4, 0):,} of {total:,} people have completed all four modules, "
        f"{people.get(0, 0):,} none.",
        svg(chart, height=170),
        ("Modules completed", "People", "Share"),
        [
            (
                str(n),
                f"{people.get(n, 0):,}",
                share(people.get(n, 0) / total if total else None),
            )
            for n in range(5)
        ],
    )

"""The pages that the site has and `docs/` has not: measures, lineage, and where dbt's own is."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import networkx as nx

from oic_assurance.reporting.pack.words import POINTS
from oic_assurance.reporting.site.drawing import LAYERS, picture
from oic_assurance.reporting.site.lineage import (
    DECIDES,
    Model,
    in_order,
    lineage,
    overview,
    way_to_the_figure,
)

DBT_DOCS = "dbt_docs.html"
MEASURES, LINEAGE = "measures.md", "lineage.md"

_MEASURES = """\
# The measures

{count} measures, from the policy that defines them. The one that the position of a point is judged
by is marked ●. A share is from 0 to 100%, with Wilson's interval at 95%; where nothing is to be
counted there is no share, neither 0 nor 100%. Months are London's; the current one is so far.

[How to read a figure](how-to/read-a-figure.md) · [the lineage of each point](lineage.md) ·
[which test proves a rule](rules-and-tests.md)
"""
_LINEAGE = """\
# Lineage: from source to figure

What each published figure is made of, drawn from dbt's own record of the models. A box leads to
its model: its SQL, its columns and its tests in [the description of all models]({docs}). For one
figure's records, down to file and row: `assurance explain`
([read a figure](how-to/read-a-figure.md)).

{legend}

## Everything, by folder

From top to bottom: the systems that records come from, how they are read (*staging*), where the
rules are (*intermediate*), what is published (*marts*).

{overview}
"""
_POINT = """
## {title}

{picture}

??? note "The same in words"

    | model | what it is | made of |
    |---|---|---|
{rows}
"""


def measures_page(seeds: Path) -> str:
    """Return the page of all measures, from the seeds that name them."""
    rows = _rows(seeds / "policy_measure.csv")
    of_position = {row["measure_code"] for row in _rows(seeds / "policy_point.csv")}
    parts = [_MEASURES.format(count=len(rows))]
    for point, title in POINTS.items():
        parts.append(f"\n## {title}\n\n| | measure | what is counted | unit | code |")
        parts.append("|---|---|---|---|---|")
        parts += [
            f"| {'●' if row['measure_code'] in of_position else ''} | {row['title']} "
            f"| {row['description']} | {row['unit_of_value']} | `{row['measure_code']}` |"
            for row in rows
            if row["point_code"] == point
        ]
    return "\n".join(parts) + "\n"


def lineage_page(manifest: Path) -> str:
    """Return the page that draws how figures come about."""
    graph = lineage(manifest)
    links = {model: f"{DBT_DOCS}#!/{model.kind}/{model.key}" for model in graph}
    parts = [
        _LINEAGE.format(
            docs=DBT_DOCS,
            legend=_legend(),
            overview=picture(overview(graph), "Folders of models, from the sources to marts", {}),
        )
    ]
    for title, decides in _decided():
        part = way_to_the_figure(graph, decides)
        drawn = picture(part, f"What {title} is made of, from the tables to the marts", links)
        rows = "\n".join(f"    {row}" for row in _in_words(part))
        parts.append(_POINT.format(title=title, picture=drawn, rows=rows))
    return "".join(parts)


def _decided() -> Iterable[tuple[str, str]]:
    """Return each deciding model once, under the names of all points that it decides."""
    for decides in dict.fromkeys(DECIDES.values()):
        names = [POINTS[point] for point, model in DECIDES.items() if model == decides]
        yield " and ".join(names), decides


def _in_words(part: "nx.DiGraph[Model]") -> Iterable[str]:
    for model in in_order(part):
        made_of = ", ".join(f"`{parent.name}`" for parent in part.predecessors(model)) or "–"
        says = " ".join(model.says.split()).replace("|", "/")
        yield f"| `{model.name}` | {says} | {made_of} |"


def _legend() -> str:
    words = {"raw": "raw: as delivered", "staging": "staging: named and as at a moment",
             "intermediate": "intermediate: the rules", "mart": "mart: published"}  # fmt: skip
    return " ".join(f'<span class="layer {layer}">{words[layer]}</span>' for layer in LAYERS)


def _rows(path: Path) -> list[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

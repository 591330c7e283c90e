"""Generate the page that exists only on the site: the lineage of the figures."""

from collections.abc import Iterable
from pathlib import Path

import networkx as nx

from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.site.drawing import picture
from oic_assurance.reporting.site.lineage import (
    LAYERS,
    Model,
    in_order,
    lineage,
    overview,
    path_to_figure,
)

DBT_DOCS = "dbt_docs.html"
LINEAGE = "lineage.md"

_LINEAGE = """\
# Lineage: from source to figure

What each published figure is computed from, drawn from dbt's manifest. A box links to its model in
[dbt's documentation]({docs}), with SQL, columns and tests. To follow one figure to its records, use
`assurance explain` ([read a figure](how-to/read-a-figure.md)).

{legend}

## Everything, by folder

From top to bottom: the source systems (*raw*), the models that read them (*staging*), the rules
(*intermediate*), and the published tables (*marts*).

{overview}
"""
_POINT = """
## {title}

{picture}

??? note "The same as a table"

    | model | what it is | computed from |
    |---|---|---|
{rows}
"""


def lineage_page(manifest: Path) -> str:
    """Return a page, in Markdown, with drawings of how each figure is computed.

    `manifest` is the path of dbt's manifest.

    Raises:
        OSError: If the manifest does not exist.
    """
    graph = lineage(manifest)
    links = {model: f"{DBT_DOCS}#!/{model.kind}/{model.key}" for model in graph}
    parts = [
        _LINEAGE.format(
            docs=DBT_DOCS,
            legend=legend(),
            overview=picture(overview(graph), "Folders of models, from sources to marts", {}),
        )
    ]
    for title, model in _deciding_models():
        part = path_to_figure(graph, model)
        drawn = picture(part, f"Models of {title}, from the source tables to the marts", links)
        rows = "\n".join(f"    {row}" for row in _table_rows(part))
        parts.append(_POINT.format(title=title, picture=drawn, rows=rows))
    return "".join(parts)


def _deciding_models() -> Iterable[tuple[str, str]]:
    """Yield each model that decides which records meet a point, preceded by the point's name.

    A model that decides several points appears once, preceded by the names of all these points.
    """
    for model in dict.fromkeys(point.decided_by for point in POINTS.values()):
        names = [point.name for point in POINTS.values() if point.decided_by == model]
        yield " and ".join(names), model


def _table_rows(part: "nx.DiGraph[Model]") -> Iterable[str]:
    for model in in_order(part):
        parents = ", ".join(f"`{parent.name}`" for parent in part.predecessors(model)) or "–"
        text = " ".join(model.description.split()).replace("|", "/")
        yield f"| `{model.name}` | {text} | {parents} |"


def legend() -> str:
    """Return what the colours of a drawing mean, as HTML."""
    words = {
        "raw": "raw: as delivered",
        "staging": "staging: the version as at the moment",
        "intermediate": "intermediate: the rules",
        "mart": "mart: published",
    }
    return " ".join(f'<span class="layer {layer}">{words[layer]}</span>' for layer in LAYERS)

"""Generate the page that exists only on the site: the lineage of the figures."""

from collections.abc import Iterable
from operator import attrgetter

import networkx as nx

from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.site.drawing import fill, picture
from oic_assurance.reporting.site.lineage import (
    LAYERS,
    Model,
    in_order,
    overview,
    path_to_figure,
)

DBT_DOCS = "dbt_docs.html"
LINEAGE = "lineage.md"


def lineage_page(graph: "nx.DiGraph[Model]") -> str:
    """Return a page, in Markdown, with drawings of how each figure is computed."""
    links = {model: f"{DBT_DOCS}#!/{model.kind}/{model.key}" for model in graph}
    points = []
    for title, decides in _deciding_models():
        part = path_to_figure(graph, decides)
        drawn = picture(part, f"Models of {title}, from the source tables to the marts", links)
        points.append(
            (
                title,
                drawn,
                [
                    (one, sorted(part.predecessors(one), key=attrgetter("name")))
                    for one in in_order(part)
                ],
            )
        )
    drawn = picture(overview(graph), "Folders of models, from sources to marts", {})
    return fill("lineage.md.j2", docs=DBT_DOCS, layers=LAYERS, overview=drawn, points=points)


def _deciding_models() -> Iterable[tuple[str, str]]:
    """Yield each model that decides which records meet a point, preceded by the point's name.

    A model that decides several points appears once, preceded by the names of all these points.
    """
    for model in dict.fromkeys(point.decided_by for point in POINTS.values()):
        names = [point.name for point in POINTS.values() if point.decided_by == model]
        yield " and ".join(names), model

"""Draw a graph of dbt models as SVG. Each layer is drawn below the previous layer."""

from collections.abc import Mapping
from pathlib import Path

import networkx as nx

from oic_assurance.reporting.site.lineage import LAYERS, Model
from oic_assurance.reporting.templates import one_line, templates

#: In pixels: the height of a box, the gap between two boxes, the distance between two layers, and
#: the width of a letter.
HEIGHT, GAP, RISE, LETTER = 30, 14, 58, 6.7
#: How often the layers are sorted to move connected boxes closer together. More sorting would not
#: change the drawing.
SWEEPS = 12
#: The colours of a box's background and text, for each layer.
COLOURS = {
    "raw": ("#efe6cf", "#1d2733"),
    "staging": ("#e6eef5", "#1d2733"),
    "intermediate": ("#b5d0e6", "#1d2733"),
    "mart": ("#1f4e79", "#ffffff"),
}

#: Fills the templates of the site. The filter `px` writes a length in whole pixels.
fill = templates(Path(__file__).with_name("templates"), px="{:.0f}".format)

#: A place in a layer: either a model's box, or the point where an edge passes through the layer.
#: Such a point is identified by the parent, the child and the layer's number.
Stop = Model | tuple[Model, Model, int]
Places = Mapping[Stop, tuple[float, int]]


def picture(graph: "nx.DiGraph[Model]", title: str, links: Mapping[Model, str]) -> str:
    """Return a graph as SVG for a page.

    On a narrow screen, the drawing keeps a size that can be read, and its frame scrolls. `title` is
    the drawing's accessible name. `links` holds the URL of each box that is a link.
    """
    layers, chains = _layers(graph)
    for _ in range(SWEEPS):
        _sort_by_neighbours(layers, chains)
    box = 20 + LETTER * max(len(model.name) for model in graph)
    places = _places(layers, box)
    return one_line(
        fill(
            "graph.svg.j2",
            title=title,
            width=max(x for x, _ in places.values()) + box / 2 + GAP,
            height=len(layers) * RISE,
            box=box,
            box_height=HEIGHT,
            colours=COLOURS,
            links=links,
            edges=[_edge(start, end, places) for start, end in chains.edges],
            boxes=[(model, *places[model]) for model in graph],
        )
    )


def _edge(start: Stop, end: Stop, places: Places) -> tuple[float, int, float, int]:
    """Return where an edge begins and ends: below the box of a parent, above that of a child."""
    (x, y), (to_x, to_y) = places[start], places[end]
    half = HEIGHT // 2
    down, up = isinstance(start, Model) * half, isinstance(end, Model) * half
    return x, y + down, to_x, to_y - up


def _layers(graph: "nx.DiGraph[Model]") -> tuple[list[list[Stop]], "nx.DiGraph[Stop]"]:
    """Return the stops of each layer, and a graph whose edges connect neighbouring layers.

    A model's box is a stop. An edge that skips layers becomes a chain of edges, with one more stop
    in each layer that it passes through.
    """
    depth: dict[Model, int] = {}
    for model in nx.lexicographical_topological_sort(graph, key=lambda one: one.name):
        above = [depth[parent] + 1 for parent in graph.predecessors(model)]
        depth[model] = max([*above, LAYERS.index(model.layer)])
    layers: list[list[Stop]] = [[] for _ in range(max(depth.values()) + 1)]
    for model, layer in depth.items():
        layers[layer].append(model)
    chains: nx.DiGraph[Stop] = nx.DiGraph()
    for parent, child in graph.edges:
        passed: list[Stop] = []
        for layer in range(depth[parent] + 1, depth[child]):
            passed.append((parent, child, layer))
            layers[layer].append((parent, child, layer))
        nx.add_path(chains, [parent, *passed, child])
    chains.add_nodes_from(graph)
    return layers, chains


def _sort_by_neighbours(layers: list[list[Stop]], chains: "nx.DiGraph[Stop]") -> None:
    """Sort the stops of each layer by the mean position of their neighbours.

    There are two passes. The first goes from the top layer down, and sorts each layer by its
    neighbours in the layer above. The second goes up, and sorts by the neighbours below.
    """
    for order, neighbours in (
        (layers[1:], chains.predecessors),
        (reversed(layers[:-1]), chains.successors),
    ):
        for layer in order:
            at = _positions(layers)
            middle = {
                stop: _mean([at[other] for other in neighbours(stop)], at[stop]) for stop in layer
            }
            layer.sort(key=lambda stop: middle[stop])


def _positions(layers: list[list[Stop]]) -> dict[Stop, float]:
    return {
        stop: (place + 0.5) / len(layer) for layer in layers for place, stop in enumerate(layer)
    }


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _places(layers: list[list[Stop]], box: float) -> Places:
    """Return the x and y coordinates of the centre of each stop, in pixels."""
    sizes = [
        sum(box + GAP if isinstance(stop, Model) else GAP for stop in layer) for layer in layers
    ]
    places: dict[Stop, tuple[float, int]] = {}
    for row, layer in enumerate(layers):
        x = (max(sizes) - sizes[row]) / 2 + GAP
        for stop in layer:
            size = box + GAP if isinstance(stop, Model) else GAP
            places[stop] = (x + (size - GAP) / 2, row * RISE + HEIGHT // 2 + 4)
            x += size
    return places

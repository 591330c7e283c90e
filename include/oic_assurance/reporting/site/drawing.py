"""Draw a graph of dbt models as SVG. Each layer is drawn below the previous layer."""

from collections.abc import Iterator, Mapping
from html import escape

import networkx as nx

from oic_assurance.reporting.site.lineage import LAYERS, Model

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
    width = max(x for x, _ in places.values()) + box / 2 + GAP
    height = len(layers) * RISE
    parts = [*_edges(chains, places), *_boxes(graph, places, box, links)]
    return (
        f'<div class="drawing" tabindex="0" role="region" aria-label="{escape(title)}, drawn">'
        f'<svg class="lineage" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {width:.0f} {height}" style="max-width:{width:.0f}px;--wide:{width:.0f}px" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg></div>'
    )


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


def _edges(chains: "nx.DiGraph[Stop]", places: Places) -> Iterator[str]:
    for start, end in chains.edges:
        x, y = places[start]
        to_x, to_y = places[end]
        y += HEIGHT // 2 if isinstance(start, Model) else 0
        to_y -= HEIGHT // 2 if isinstance(end, Model) else 0
        bend = (y + to_y) / 2
        yield (
            f'<path d="M{x:.0f} {y}C{x:.0f} {bend:.0f} {to_x:.0f} {bend:.0f} {to_x:.0f} {to_y}" '
            'fill="none" stroke="#7c8794" stroke-width="1.2"/>'
        )


def _boxes(
    graph: "nx.DiGraph[Model]", places: Places, width: float, links: Mapping[Model, str]
) -> Iterator[str]:
    for model in graph:
        x, y = places[model]
        fill, ink = COLOURS[model.layer]
        box = (
            f"<title>{escape(model.description or model.name)}</title>"
            f'<rect x="{x - width / 2:.0f}" y="{y - HEIGHT // 2}" width="{width:.0f}" '
            f'height="{HEIGHT}" rx="3" fill="{fill}" stroke="#4d5865"/>'
            f'<text x="{x:.0f}" y="{y + 4}" font-size="12" text-anchor="middle" fill="{ink}">'
            f"{escape(model.name)}</text>"
        )
        yield f'<a href="{escape(links[model])}">{box}</a>' if model in links else box

"""Read the graph of models from dbt's manifest, and select the parts that the site shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx

#: Folders with models and source tables about the warehouse itself, which the site does not show.
INTERNAL = ("audit", "warehouse", "compared_with")
POSITION, MEASURE = "assurance_position", "assurance_measure"
LAYERS = ("raw", "staging", "intermediate", "mart")


@dataclass(frozen=True)
class Model:
    """A source table or a dbt model.

    Attributes:
        key: The unique ID in dbt's manifest.
        layer: One of `LAYERS`.
        folder: For a model, its folder inside the folder of its layer. For a source table, its
            schema.
    """

    key: str
    name: str
    layer: str
    folder: str
    description: str

    @property
    def kind(self) -> str:
        """`model` or `source`, as in the URLs of dbt's documentation."""
        return self.key.partition(".")[0]


def lineage(manifest: Mapping[str, Any]) -> "nx.DiGraph[Model]":
    """Return the graph of source tables and models. An edge goes from parent to child.

    The graph leaves out the models and source tables in the folders that `INTERNAL` lists, and the
    models of policy, as it leaves out the seeds.
    """
    models = {
        key: _model(key, node)
        for key, node in {**manifest["sources"], **manifest["nodes"]}.items()
        if node["resource_type"] in ("source", "model")
    }
    models = {
        key: one
        for key, one in models.items()
        if one.layer in LAYERS and one.folder not in INTERNAL
    }
    graph: nx.DiGraph[Model] = nx.DiGraph()
    graph.add_nodes_from(models.values())
    graph.add_edges_from(
        (models[parent], model)
        for key, model in models.items()
        for parent in manifest["nodes"].get(key, {}).get("depends_on", {}).get("nodes", ())
        if parent in models
    )
    return graph


def path_to_figure(graph: "nx.DiGraph[Model]", decides: str) -> "nx.DiGraph[Model]":
    """Return the part of the graph that shows how the figures of a point are computed.

    `decides` is the name of the model that decides which records meet the point's requirement. The
    result contains this model and all its ancestors. It contains the mart `assurance_measure` and
    those models in the folder `measures` that lead to it. It also contains the shortest path from
    the deciding model to the mart `assurance_position`.

    Raises:
        KeyError: If the graph has no model with the name `decides`.
    """
    by_name = {model.name: model for model in graph}
    middle, measure, position = by_name[decides], by_name[MEASURE], by_name[POSITION]
    part = {middle, measure, *nx.ancestors(graph, middle)}
    between = nx.descendants(graph, middle) & nx.ancestors(graph, measure)
    part |= {model for model in between if model.folder == "measures"}
    part |= set(nx.shortest_path(graph, middle, position))
    return without_short_cuts(graph.subgraph(part))


def overview(graph: "nx.DiGraph[Model]") -> "nx.DiGraph[Model]":
    """Return the graph in which each node is a folder of models instead of one model.

    A source table belongs to the folder of its staging model. One that no model reads is left out,
    and so are edges inside a layer.
    """
    folder_of = {
        model: _folder(graph, model) for model in graph if model.layer != "raw" or graph.succ[model]
    }
    folders: nx.DiGraph[Model] = nx.DiGraph()
    folders.add_nodes_from(folder_of.values())
    folders.add_edges_from(
        (folder_of[parent], folder_of[child])
        for parent, child in graph.edges
        if LAYERS.index(parent.layer) < LAYERS.index(child.layer)
    )
    return folders


def without_short_cuts(graph: "nx.DiGraph[Model]") -> "nx.DiGraph[Model]":
    """Return the graph without edges whose two ends are also connected by a longer path."""
    return nx.transitive_reduction(graph)


def in_order(graph: "nx.DiGraph[Model]") -> list[Model]:
    """Return the models sorted by name, except that each model comes after its parents."""
    return list(nx.lexicographical_topological_sort(graph, key=lambda model: model.name))


def _folder(graph: "nx.DiGraph[Model]", model: Model) -> Model:
    staged = [child.folder for child in graph.successors(model) if child.layer == "staging"]
    folder = staged[0] if model.layer == "raw" and staged else model.folder
    name = folder.replace("_", " ")
    return Model(f"folder.{model.layer}.{folder}", name, model.layer, folder, "")


def _model(key: str, node: dict[str, str]) -> Model:
    place = Path(node["path"]).parts
    if node["resource_type"] == "source":
        schema = node["schema"]
        folder = "warehouse" if "_warehouse" in node["path"] else schema
        return Model(key, node["name"], "raw", folder, node["description"])
    # The site shows the restatement models as one folder of the layer `intermediate`.
    if place[:2] == ("restatement", "restated"):
        place = ("intermediate", "restatement")
    layer = {"marts": "mart"}.get(place[0], place[0])
    return Model(key, node["name"], layer, place[1], node["description"])

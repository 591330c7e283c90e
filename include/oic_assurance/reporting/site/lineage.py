"""Which model is made of which: dbt's manifest as a graph, and the parts that a page shows."""

import json
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

#: What the warehouse keeps of itself; it tells builds apart, and is nobody's record.
PLUMBING = ("audit", "warehouse", "compared_with")
POSITION, MEASURE = "assurance_position", "assurance_measure"
#: The model that decides on a record of each point.
DECIDES = {
    "NCCU_INTEL": "int_nccu_referral_class",
    "INTEL_PLAN": "int_plan_day",
    "HYDRA": "int_training_person",
    "ELEARNING": "int_training_person",
}


@dataclass(frozen=True)
class Model:
    """A table that records come from, or a model of dbt."""

    key: str
    name: str
    layer: str
    folder: str
    says: str

    @property
    def kind(self) -> str:
        """What dbt's documentation calls it in an address."""
        return self.key.partition(".")[0]


def lineage(manifest: Path) -> "nx.DiGraph[Model]":
    """Return the graph of all tables and models, from what is read to what is made of it."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    models = {
        key: _model(key, node)
        for key, node in {**content["sources"], **content["nodes"]}.items()
        if node["resource_type"] in ("source", "model")
    }
    models = {key: one for key, one in models.items() if one.folder not in PLUMBING}
    graph: nx.DiGraph[Model] = nx.DiGraph()
    graph.add_nodes_from(models.values())
    graph.add_edges_from(
        (models[parent], model)
        for key, model in models.items()
        for parent in content["nodes"].get(key, {}).get("depends_on", {}).get("nodes", ())
        if parent in models
    )
    return graph


def way_to_the_figure(graph: "nx.DiGraph[Model]", decides: str) -> "nx.DiGraph[Model]":
    """Return what a model rests on, every way from it to the measures, one to the position."""
    by_name = {model.name: model for model in graph}
    middle, measure, position = by_name[decides], by_name[MEASURE], by_name[POSITION]
    kept = {middle, measure, *nx.ancestors(graph, middle)}
    ways = nx.descendants(graph, middle) & nx.ancestors(graph, measure)
    kept |= {model for model in ways if model.folder == "measures"}
    kept |= set(nx.shortest_path(graph, middle, position))
    return without_short_cuts(graph.subgraph(kept))


def overview(graph: "nx.DiGraph[Model]") -> "nx.DiGraph[Model]":
    """Return the graph of folders; a table stands with the system that it is staged for."""
    together = {model: _together(graph, model) for model in graph}
    folders: nx.DiGraph[Model] = nx.DiGraph()
    folders.add_nodes_from(together.values())
    order = ("raw", "staging", "intermediate", "mart")
    folders.add_edges_from(
        (together[parent], together[child])
        for parent, child in graph.edges
        if order.index(parent.layer) < order.index(child.layer)
    )
    return folders


def without_short_cuts(graph: "nx.DiGraph[Model]") -> "nx.DiGraph[Model]":
    """Return a graph without the edges that a longer way says already."""
    return nx.transitive_reduction(graph)


def in_order(graph: "nx.DiGraph[Model]") -> list[Model]:
    """Return the models so that each comes after what it is made of; by name where it is free."""
    return list(nx.lexicographical_topological_sort(graph, key=lambda model: model.name))


def _together(graph: "nx.DiGraph[Model]", model: Model) -> Model:
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
    # On the pages, the restatement models are shown as one folder of the rules.
    if place[:2] == ("restatement", "restated"):
        place = ("intermediate", "restatement")
    layer = {"marts": "mart"}.get(place[0], place[0])
    return Model(key, node["name"], layer, place[1], node["description"])

"""Find the columns that decide which rows a model has: those in its joins and filters.

The lineage of a column leaves them out, because their values do not enter the column's value. For
a measure they matter as much: they decide who is counted.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from oic_assurance.builds.column_lineage import Input, column_lineage

#: The parts of a query that decide which rows it has.
_CLAUSES = ("joins", "where", "having", "qualify")
#: The parts that a query keeps, so that its columns still have the same meaning.
_KEPT = ("from_", "from", "joins", "laterals")


def deciding_columns(
    manifest: Mapping[str, Any], models: Collection[str]
) -> dict[str, tuple[Input, ...]]:
    """Return the columns of its parents that decide which rows each of these models has.

    `manifest` is dbt's manifest of the compiled project, and `models` holds IDs of models in it.

    Each query of a model is rewritten to select the columns of its joins and filters. These are
    then followed like any other columns.
    """
    nodes = manifest["nodes"]
    rewritten: dict[str, Any] = {}
    owners: dict[str, str] = {}
    for model in models:
        for number, query in enumerate(_queries(nodes[model]["compiled_code"])):
            key = f"{model}#{number}"
            rewritten[key] = {**nodes[model], "alias": key, "compiled_code": query}
            owners[key] = model
    others = {
        key: {**node, "compiled_code": None} for key, node in nodes.items() if key not in owners
    }
    found: dict[str, set[Input]] = {model: set() for model in models}
    for key, columns in column_lineage({**manifest, "nodes": others | rewritten}).items():
        found[owners[key]] |= {one for inputs in columns.values() for one in inputs}
    return {model: tuple(sorted(inputs)) for model, inputs in found.items()}


def _queries(text: str) -> Iterator[str]:
    """Return, for each query inside a model's query, one that selects its deciding columns."""
    from sqlglot import exp, parse_one

    parsed = parse_one(text, dialect="postgres")
    shared = parsed.args.get("with_") or parsed.args.get("with")
    for query in parsed.find_all(exp.Select):
        columns = list(dict.fromkeys(_in_clauses(query)))
        if not columns:
            continue
        named = [exp.alias_(one.copy(), f"column_{n}") for n, one in enumerate(columns)]
        kept = {name: query.args[name] for name in _KEPT if query.args.get(name)}
        selected = exp.Select(expressions=named, **{k: _copy(v) for k, v in kept.items()})
        if shared is not None:
            selected.set("with_" if "with_" in parsed.args else "with", shared.copy())
        yield selected.sql(dialect="postgres")


def _in_clauses(query: Any) -> Iterator[Any]:
    from sqlglot import exp

    for name in _CLAUSES:
        parts = query.args.get(name) or ()
        for part in parts if isinstance(parts, list | tuple) else [parts]:
            # A join also holds the table. Only its condition is searched.
            condition = part.args.get("on") if isinstance(part, exp.Join) else part
            if condition is not None:
                yield from (
                    one
                    for one in condition.find_all(exp.Column)
                    if one.find_ancestor(exp.Select) is query
                )


def _copy(part: Any) -> Any:
    return [one.copy() for one in part] if isinstance(part, list) else part.copy()

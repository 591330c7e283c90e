"""dbt's documentation as one page, with column types for models that were never built.

dbt takes the types from a database. `make docs` has none, so the page shows the types that the
models and sources declare.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: The places in dbt's page where it expects its data.
_MANIFEST, _CATALOGUE = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'


def dbt_docs_page(folder: Path) -> str:
    """Return dbt's documentation as HTML, from the files that dbt wrote into its target folder.

    Raises:
        OSError: If `index.html` or `manifest.json` is missing.
    """
    page = (folder / "index.html").read_text(encoding="utf-8")
    manifest = (folder / "manifest.json").read_text(encoding="utf-8")
    catalogue = declared_catalogue(json.loads(manifest))
    return page.replace(_MANIFEST, manifest).replace(_CATALOGUE, json.dumps(catalogue))


def declared_catalogue(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a catalogue in dbt's format with every column of a manifest that declares a type."""
    return {
        "metadata": {"generated_at": manifest["metadata"]["generated_at"]},
        "nodes": _tables(manifest["nodes"]),
        "sources": _tables(manifest["sources"]),
        "errors": None,
    }


def _tables(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        key: {
            "unique_id": key,
            "metadata": {
                "type": node.get("config", {}).get("materialized", "table"),
                "database": node["database"],
                "schema": node["schema"],
                "name": node["name"],
                "comment": None,
                "owner": None,
            },
            "columns": columns,
            "stats": {},
        }
        for key, node in nodes.items()
        if (columns := _typed_columns(node))
    }


def _typed_columns(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"name": name, "type": column["data_type"], "index": index, "comment": None}
        for index, (name, column) in enumerate(node["columns"].items(), start=1)
        if column.get("data_type")
    }

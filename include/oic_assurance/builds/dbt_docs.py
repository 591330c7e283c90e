"""Write dbt's documentation of every model and column as one HTML page that needs no server."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oic_assurance.builds.dbt import is_described, run_dbt, target_dir
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.folders import private_folder

PAGE = "dbt_docs.html"
#: The placeholders in dbt's page that are replaced with the data.
_MANIFEST, _CATALOGUE = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'


def docs_page(settings: Settings) -> Path:
    """Return the path of the page."""
    return settings.home / "reports" / PAGE


def build_docs(settings: Settings, target: str = "daily") -> Path:
    """Write dbt's documentation of the latest build of a target, and return the page's path.

    The page says what the project is, and nothing of a build. So it is made again only after the
    project has changed.

    Raises:
        AssuranceError: dbt fails.
    """
    page, folder = docs_page(settings), target_dir(settings, target)
    if not (is_described(settings, target) and _is_newer(page, folder / "manifest.json")):
        # If this process made the build, the project is already compiled. Compiling it again would
        # take seconds.
        run_dbt(settings, target, ["docs", "generate", "--no-compile"])
        private_folder(settings, page.parent)
        draft = page.with_suffix(".new")
        draft.write_text(docs_html(folder), encoding="utf-8")
        draft.replace(page)
    share(settings, page)
    return page


def _is_newer(page: Path, than: Path) -> bool:
    return page.exists() and page.stat().st_mtime_ns > than.stat().st_mtime_ns


def docs_html(folder: Path) -> str:
    """Return dbt's documentation as HTML, from the files in dbt's target folder.

    dbt looks up the column types in the database. It does not find the tables of published marts,
    because publication moves them out of the candidate. Without a database, dbt finds no tables at
    all. For tables that dbt did not find, the page shows the types declared by models and sources.

    Raises:
        AssuranceError: dbt has not written its files.
    """
    try:
        page, manifest, catalogue = (
            (folder / name).read_text(encoding="utf-8")
            for name in ("index.html", "manifest.json", "catalog.json")
        )
    except FileNotFoundError as error:
        raise AssuranceError(f"dbt docs: {error.filename} was not written.") from error
    completed = json.dumps(with_declared_types(json.loads(catalogue), json.loads(manifest)))
    return page.replace(_MANIFEST, manifest).replace(_CATALOGUE, completed)


def with_declared_types(
    catalogue: Mapping[str, Any], manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """Return dbt's catalogue, with the declared columns and types of the tables that it lacks."""
    return {
        **catalogue,
        **{kind: {**_declared(manifest[kind]), **catalogue[kind]} for kind in ("nodes", "sources")},
    }


def _declared(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
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

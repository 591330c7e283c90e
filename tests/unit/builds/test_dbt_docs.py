"""dbt's documentation shows the type of every column that declares a type."""

import json
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.builds import dbt_docs
from oic_assurance.errors import AssuranceError


def _node(name: str, *columns: str) -> dict[str, Any]:
    """Return a model of dbt's manifest.

    The model declares the type text for the named columns, and no type for the column `untyped`.
    """
    return {
        "database": "warehouse",
        "schema": "marts",
        "name": name,
        "config": {"materialized": "table"},
        "columns": {column: {"data_type": "text"} for column in columns} | {"untyped": {}},
    }


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """dbt's target folder with three models.

    One model is in dbt's catalogue, one is missing from it, and one declares no type.
    """
    found = {"columns": {"key": {"name": "key", "type": "bigint"}}}
    files: dict[str, dict[str, Any]] = {
        "manifest.json": {
            "nodes": {
                "model.found": _node("found", "key"),
                "model.published": _node("published", "key"),
                "model.undeclared": _node("undeclared"),
            },
            "sources": {},
        },
        "catalog.json": {"nodes": {"model.found": found}, "sources": {}, "errors": None},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "index.html").write_text(
        'm = "MANIFEST.JSON INLINE DATA"; c = "CATALOG.JSON INLINE DATA"', encoding="utf-8"
    )
    return tmp_path


def test_declared_types_complete_the_catalogue(target: Path) -> None:
    page = dbt_docs.docs_html(target)
    nodes = json.loads(page.partition("c = ")[2])["nodes"]
    types = {
        key: {name: column["type"] for name, column in node["columns"].items()}
        for key, node in nodes.items()
    }
    assert types == {"model.found": {"key": "bigint"}, "model.published": {"key": "text"}}


def test_a_missing_file_is_named(target: Path) -> None:
    (target / "catalog.json").unlink()
    with pytest.raises(AssuranceError, match=r"catalog\.json was not written"):
        dbt_docs.docs_html(target)

"""Each column that is extracted from a source is used, as the SQL that a run compiled shows."""

import json
import re
from collections.abc import Iterable
from typing import Any

from oic_assurance.builds.dbt import target_dir
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from tests.end_to_end.terminal import Terminal

ROOT = load_settings().project_root
#: The records that `assurance explain` shows.
EXPLAINED = ROOT / "include/oic_assurance/operations/explain/kinds.yml"
#: The moments of a record, from which its version at a moment is chosen.
MOMENTS = ("created_at", "updated_at", "deleted_at")


def test_every_column_that_is_extracted_is_used(terminal: Terminal, first_run: str) -> None:
    """Each column is used by a model after staging, by a check of the landed rows, or by `explain`.

    Landing itself uses keys and markings, and every staging model the moments of a record.
    """
    folder = terminal.home / target_dir(load_settings(), "daily").relative_to(load_settings().home)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    sources = {(node["schema"], node["name"]): key for key, node in manifest["sources"].items()}
    unused = [
        f"{dataset.name}: {table.name}.{column}"
        for dataset in datasets().values()
        for table in dataset.tables
        for column in table.names
        if column not in {*table.key, *MOMENTS, *_marking(dataset)}
        and not _uses(manifest, sources[dataset.raw_schema, table.name], column)
        and not _names(_checks(dataset) + EXPLAINED.read_text(encoding="utf-8"), {column})
    ]
    assert unused == []


def _marking(dataset: Dataset) -> set[str]:
    if dataset.kind != "database" or dataset.database.marking is None:
        return set()
    return {dataset.database.marking.column}


def _checks(dataset: Dataset) -> str:
    suite = ROOT / "expectations/landing" / f"{dataset.name.replace('/', '_')}.py"
    return suite.read_text(encoding="utf-8") if suite.exists() else ""


def _names(text: str, columns: Iterable[str]) -> bool:
    return any(re.search(rf"\b{column}\b", text) for column in columns)


def _uses(manifest: dict[str, Any], table: str, column: str) -> bool:
    """Tell whether a model after staging names a column of a source, or what staging calls it."""
    models, children = manifest["nodes"], manifest["child_map"]
    for key in children[table]:
        if not key.startswith("model."):
            continue
        readers, names = [key], {column}
        if models[key]["name"].startswith("stg_"):
            readers = [one for one in children[key] if one in models]
            text = models[key].get("compiled_code") or ""
            names |= {*re.findall(rf"\b{column}\b[^,\n]* as (\w+)", text)}
        if _names("".join(models[one].get("compiled_code") or "" for one in readers), names):
            return True
    return False

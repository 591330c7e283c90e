"""A compiled dbt project: the one reader of the manifest that dbt writes into its target folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oic_assurance.builds.column_lineage import Columns, remembered_lineage

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Compiled:
    """A compiled project: dbt's manifest, and the inputs of each column of each model."""

    manifest: Mapping[str, Any]
    columns: Mapping[str, Columns]

    @property
    def nodes(self) -> dict[str, Mapping[str, Any]]:
        """The sources, seeds, models and tests, by their unique IDs."""
        return {**self.manifest["sources"], **self.manifest["nodes"]}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest in dbt's target folder.

    Raises:
        OSError: There is no manifest.
    """
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return found


def read_compiled(folder: Path, memory: Path) -> Compiled:
    """Read a compiled project from dbt's target folder.

    `memory` is the file with what is known of the columns of its models (`remembered_lineage`).

    Raises:
        OSError: There is no manifest, or the file cannot be written.
    """
    manifest = read_manifest(folder)
    return Compiled(manifest, remembered_lineage(manifest, memory))

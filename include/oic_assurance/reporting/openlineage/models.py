"""The events of the models and seeds that dbt has built in a stage."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from oic_assurance.builds.compiled import MANIFEST, Compiled, read_compiled
from oic_assurance.builds.dbt import target_dir
from oic_assurance.reporting.openlineage.datasets import Described, lineage_of, model_table
from oic_assurance.reporting.openlineage.events import (
    JobRun,
    Tables,
    ended,
    part_of,
    started,
)
from oic_assurance.reporting.openlineage.names import Places, model_job
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

_BUILT = ("model", "seed")
_STATES = {"success": "COMPLETE", "error": "FAIL", "partial success": "FAIL"}
_TIMES = ("started_at", "completed_at")
_FAILED = "dbt could not build the table. The log of dbt in the state folder says why."


def latest_project(settings: Settings, places: Places) -> "Project":
    """Return the dbt project as the latest daily build has compiled it.

    Raises:
        OSError: There was no build yet.
    """
    target = target_dir(settings, "daily")
    memory = private_folder(settings, settings.home / "dbt") / "column_lineage.json"
    return _project(target, memory, places, (target / MANIFEST).stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _project(target: Path, memory: Path, places: Places, written: int) -> "Project":
    """Return a project. `written` is when its manifest was written, so a newer one is read."""
    return Project(target, read_compiled(target, memory), places)


class Project:
    """The tables of a compiled dbt project, and the events of what dbt has built."""

    def __init__(self, target: Path, compiled: Compiled, places: Places) -> None:
        self._target, self._lineage, self._places = target, compiled.columns, places
        self._nodes = {
            key: node
            for key, node in compiled.nodes.items()
            if node["resource_type"] in (*_BUILT, "source")
        }
        self._described: dict[str, Described] = {}
        self._keys = {
            (node["schema"], node.get("alias") or node["identifier"]): key
            for key, node in self._nodes.items()
        }
        self._place_of = {key: places.table(*named) for named, key in self._keys.items()}

    @property
    def models(self) -> Mapping[str, Mapping[str, Any]]:
        """The nodes of the models and seeds, keyed by name."""
        return {
            node["name"]: node for node in self._nodes.values() if node["resource_type"] in _BUILT
        }

    def table(self, key: str) -> Described:
        """Return the table of a model, seed or source, by its unique ID."""
        if key not in self._described:
            lineage = lineage_of(self._lineage.get(key, {}), self._place_of)
            self._described[key] = model_table(self._places, self._nodes[key], lineage)
        return self._described[key]

    def named(self, schema: str, name: str) -> Described:
        """Return a table by its schema and name.

        Raises:
            KeyError: The project has no such table.
        """
        return self.table(self._keys[schema, name])

    def in_schema(self, schema: str) -> list[Mapping[str, Any]]:
        """Return the nodes of the tables that dbt builds in a schema, sorted by name."""
        found = [self._nodes[key] for (place, _), key in self._keys.items() if place == schema]
        return sorted(found, key=lambda node: str(node["name"]))

    def events(
        self, parent: JobRun, since: datetime, rows: Mapping[tuple[str, str], int]
    ) -> Iterator[str]:
        """Return the events of what dbt has built since a moment.

        `rows` is the number of rows of a table, keyed by schema and name, where the build has
        counted them. For other tables, the number is what dbt says.
        """
        found = json.loads((self._target / "run_results.json").read_text(encoding="utf-8"))
        if datetime.fromisoformat(found["metadata"]["generated_at"]) < since:
            return  # dbt has failed before it built anything, so the file is an earlier one.
        for result in found["results"]:
            node = self._nodes.get(result["unique_id"])
            if node is None or result["status"] not in _STATES:
                continue
            yield from self._of_one(parent, node, result, rows)

    def _of_one(
        self,
        parent: JobRun,
        node: Mapping[str, Any],
        result: Mapping[str, Any],
        rows: Mapping[tuple[str, str], int],
    ) -> Iterator[str]:
        key, kind = node["unique_id"], ("DBT", node["resource_type"].upper())
        one = part_of(parent, model_job(node["name"]), kind)
        times = [datetime.fromisoformat(part[name]) for part in result["timing"] for name in _TIMES]
        begun, done = (min(times), max(times)) if times else (None, None)
        yield started(one, at=begun, documentation=node["description"])
        state = _STATES[result["status"]]
        count = rows.get((node["schema"], node["alias"]), _rows(node, result))
        tables = Tables(
            [
                self.table(parent_key).read()
                for parent_key in sorted(node["depends_on"].get("nodes", ()))
                if parent_key in self._nodes
            ],
            [self.table(key).written(rows=count if state == "COMPLETE" else None)],
        )
        message = None if state == "COMPLETE" else _FAILED
        yield ended(one, state, message, tables, at=done)


def _rows(node: Mapping[str, Any], result: Mapping[str, Any]) -> int | None:
    if node["config"]["materialized"] == "view":
        return None
    count = (result["adapter_response"] or {}).get("rows_affected")
    return None if count is None or count < 0 else int(count)

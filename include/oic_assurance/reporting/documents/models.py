"""Read the dbt models from their files: what each reads, what it holds, and its tests.

dbt itself is not needed, so that generated pages can be checked in a moment. References inside
macros are not followed. They are to policy seeds and to the models about the build itself.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oic_assurance.reporting.documents.marts import DOCS, doc_blocks, resolved
from oic_assurance.reporting.documents.measures import Measure
from oic_assurance.sources.declarations.yaml_lines import load_yaml

LAYERS = ("staging", "intermediate", "marts")
_REF = re.compile(r"""\bref\(\s*["'](\w+)["']\s*\)""")
#: The classifications of the datasets. Other source tables are about the warehouse itself.
_DATASETS = ("general", "law_enforcement")
_SOURCE = re.compile(r"""\bsource\(\s*["'](\w+)["'],\s*["'](\w+)["']\s*\)""")


#: The models that turn records into figures, after the model in `Measure.relation`.
_COUNTED = ("contribution", "int_measure_month", "int_measure_record", "int_measure_record_by_unit")
_SHARE, _HOURS = "int_measure_share", "int_measure_hours"
_PUBLISHED = ("int_measure", "assurance_measure")


@dataclass(frozen=True)
class UnitTest:
    """A dbt unit test of a model: its name, what it shows, and its rows as text."""

    name: str
    description: str
    given: str
    expected: str


@dataclass(frozen=True)
class DbtModel:
    """A dbt model.

    Attributes:
        path: The SQL file, relative to the root of the project.
        reads: The names of the models and seeds that the SQL refers to.
        sources: The raw tables of datasets that the SQL reads, as `schema.table`.
        data_tests: The names of the generic tests, such as `not_null`, each with how often the
            model has it.
    """

    name: str
    path: Path
    description: str
    reads: frozenset[str]
    sources: frozenset[str]
    unit_tests: tuple[UnitTest, ...]
    data_tests: Mapping[str, int]

    @property
    def layer(self) -> str:
        """The first folder below `models`, such as `intermediate`."""
        return self.path.relative_to(DOCS).parts[0]


def dbt_models(project_root: Path, layers: Iterable[str] = LAYERS) -> dict[str, DbtModel]:
    """Return the models of some layers, keyed by name."""
    blocks = doc_blocks(project_root)
    found = {}
    for layer in layers:
        for path in sorted((project_root / DOCS / layer).rglob("*.sql")):
            found[path.stem] = _read(project_root, path, blocks)
    return found


def ancestors(models: Mapping[str, DbtModel], names: Iterable[str]) -> list[DbtModel]:
    """Return the models with these names and all that they read, in the order of computation."""
    ordered: dict[str, DbtModel] = {}

    def visit(name: str) -> None:
        if name in ordered or name not in models:
            return
        for read in sorted(models[name].reads):
            visit(read)
        ordered[name] = models[name]

    for name in names:
        visit(name)
    return list(ordered.values())


def models_of(measure: Measure, models: Mapping[str, DbtModel]) -> list[DbtModel]:
    """Return the models that compute a measure, each after those that it reads.

    The models of other measures, which `contribution` reads too, are left out.
    """
    deciding = ancestors(models, [measure.relation])
    by_unit = _HOURS if measure.unit == "hours" else _SHARE
    return [*deciding, *(models[name] for name in (*_COUNTED, by_unit, *_PUBLISHED))]


def unit_tests_of(measure: Measure, model: DbtModel) -> list[UnitTest]:
    """Return the unit tests of a model that are about a measure.

    These are the tests that expect rows of the measure, and the tests that name no measure. If no
    test of the model is about the measure, all are returned.
    """
    about = [test for test in model.unit_tests if _is_about(test, measure.code)]
    return about or list(model.unit_tests)


def _is_about(test: UnitTest, code: str) -> bool:
    rows = test.expected if "measure_code" in test.expected else test.given
    return "measure_code" not in rows or re.search(rf"\b{code}\b", rows) is not None


def _read(root: Path, path: Path, blocks: Mapping[str, str]) -> DbtModel:
    sql = path.read_text(encoding="utf-8")
    described = _described(path.with_suffix(".yml"))
    (model,) = described["models"]
    return DbtModel(
        name=path.stem,
        path=path.relative_to(root),
        description=resolved(model["description"], blocks),
        reads=frozenset(_REF.findall(sql)),
        sources=frozenset(
            f"raw_{schema}.{table}" for schema, table in _SOURCE.findall(sql) if schema in _DATASETS
        ),
        unit_tests=tuple(
            UnitTest(test["name"], test["description"], _text(test["given"]), _text(test["expect"]))
            for test in described.get("unit_tests", [])
        ),
        data_tests=_data_tests(model),
    )


def _described(path: Path) -> dict[str, Any]:
    """Return a model's YAML. A model that somebody is just writing may have none yet."""
    if not path.exists():
        return {"models": [{"description": ""}]}
    text = path.read_text(encoding="utf-8")
    found: dict[str, Any] = load_yaml(text)
    return found


def _text(rows: object) -> str:
    """Return the rows of a unit test as text in which a line break ends a word."""
    return str(rows).replace("\\n", " ")


def _data_tests(model: Mapping[str, Any]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for part in (model, *model.get("columns", [])):
        for test in part.get("data_tests", []):
            name = test if isinstance(test, str) else next(iter(test))
            counted[name] = counted.get(name, 0) + 1
    return dict(sorted(counted.items()))

"""Finds every suite: one for each declared raw table, and one for each mart.

All modules in `landing/` and `marts/` are imported, so a suite in a new file need not be
registered. The national warehouse has its own folders, and the suites of the marts that both kinds
of warehouse have. A raw table without a suite in `landing/` has only the expectations that follow
from its declaration.
"""

import functools
import importlib
import pkgutil
from collections.abc import Iterator

from expectations import landing, marts
from expectations.national import landing as national_landing
from expectations.national import marts as national_marts
from expectations.shared.landing_suite import suite_of
from expectations.shared.suite_definition import SuiteDefinition
from expectations.vocabulary import Stage, Suite
from oic_assurance.settings import Kind, deployment_kind
from oic_assurance.sources.declarations.load import datasets, datasets_of
from oic_assurance.sources.declarations.model import Dataset

#: The modules in which the suites of each kind of warehouse are looked for: folders, and the suites
#: of the marts that show the checks themselves.
_OF_FORCE = (landing, marts)
_OF_NATIONAL = (national_landing, national_marts)
_OF_BOTH = ("expectations.marts.data_quality_history", "expectations.marts.data_quality_status")


def suites() -> tuple[Suite, ...]:
    """Return every suite of this kind of warehouse, ordered by name."""
    return _suites(deployment_kind(), tuple(datasets().values()))


def suites_of_kind(kind: Kind) -> tuple[Suite, ...]:
    """Return every suite of the project for one kind of warehouse, ordered by name."""
    return _suites(kind, tuple(datasets_of(kind).values()))


@functools.cache
def _suites(kind: Kind, declared: tuple[Dataset, ...]) -> tuple[Suite, ...]:
    # If a table has two suites, the later one in this list is used. So a suite in `landing/`
    # replaces the suite that has only the expectations of the declaration.
    definitions = {
        definition.name: definition
        for definition in (*_of_declarations(declared), *_of_files(kind))
    }
    return tuple(definitions[name](kind) for name in sorted(definitions))


def _of_declarations(declared: tuple[Dataset, ...]) -> Iterator[SuiteDefinition]:
    for source in declared:
        for raw in source.tables:
            yield suite_of(source, raw)


def _of_files(kind: Kind) -> Iterator[SuiteDefinition]:
    for name in _modules(kind):
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, SuiteDefinition):
                yield value


def _modules(kind: Kind) -> Iterator[str]:
    if kind == "national":
        yield from _OF_BOTH
    for package in _OF_NATIONAL if kind == "national" else _OF_FORCE:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield module.name


def suites_of(stage: Stage) -> tuple[Suite, ...]:
    """Return the suites of one stage, ordered by name."""
    return tuple(suite for suite in suites() if suite.stage == stage)

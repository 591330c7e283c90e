"""Finds every suite: one for each declared raw table, and one for each mart.

All modules in `landing/` and `marts/` are imported, so a suite in a new file need not be
registered. A raw table without a suite in `landing/` has only the expectations that follow from its
declaration.
"""

import functools
import importlib
import pkgutil
from collections.abc import Iterator

from expectations import landing, marts
from expectations.shared.landing_suite import suite_of
from expectations.shared.suite_definition import SuiteDefinition
from expectations.vocabulary import Stage, Suite
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset


def suites() -> tuple[Suite, ...]:
    """Return every suite, ordered by name."""
    return _suites(tuple(datasets().values()))


@functools.cache
def _suites(declared: tuple[Dataset, ...]) -> tuple[Suite, ...]:
    # If a table has two suites, the later one in this list is used. So a suite in `landing/`
    # replaces the suite that has only the expectations of the declaration.
    definitions = {
        definition.name: definition for definition in (*_of_declarations(declared), *_of_files())
    }
    return tuple(definitions[name]() for name in sorted(definitions))


def _of_declarations(declared: tuple[Dataset, ...]) -> Iterator[SuiteDefinition]:
    for source in declared:
        for raw in source.tables:
            yield suite_of(source, raw)


def _of_files() -> Iterator[SuiteDefinition]:
    for package in (landing, marts):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, SuiteDefinition):
                    yield value


def suites_of(stage: Stage) -> tuple[Suite, ...]:
    """Return the suites of one stage, ordered by name."""
    return tuple(suite for suite in suites() if suite.stage == stage)

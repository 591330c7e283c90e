"""Finds the suites: one of each raw table that is declared, one of each mart.

Suites that are written by hand are found by walking their packages: a file that is there is a suite
that runs. A raw table without one promises what follows from its declaration.
"""

import functools
import importlib
import pkgutil
from collections.abc import Iterator

import expectations
from expectations.definition import SuiteDefinition
from expectations.landed import suite_of
from expectations.vocabulary import Stage, Suite
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset


def suites() -> tuple[Suite, ...]:
    """Return every suite, those of landed datasets first, each in the order of its name."""
    return _suites(tuple(datasets().values()))


@functools.cache
def _suites(declared: tuple[Dataset, ...]) -> tuple[Suite, ...]:
    definitions = {
        definition.name: definition
        for definition in (*_of_declarations(declared), *_written_by_hand())
    }
    return tuple(definitions[name]() for name in sorted(definitions))


def _of_declarations(declared: tuple[Dataset, ...]) -> Iterator[SuiteDefinition]:
    for source in declared:
        for raw in source.tables:
            yield suite_of(source, raw)


def _written_by_hand() -> Iterator[SuiteDefinition]:
    for module in pkgutil.walk_packages(expectations.__path__, "expectations."):
        if module.ispkg or module.name.count(".") != 2:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, SuiteDefinition):
                yield value


def suites_of(stage: Stage) -> tuple[Suite, ...]:
    """Return the suites of one stage."""
    return tuple(suite for suite in suites() if suite.stage == stage)

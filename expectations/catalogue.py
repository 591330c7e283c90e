"""Finds the suites by walking their packages: a file that is there is a suite that runs."""

import functools
import importlib
import pkgutil

import expectations
from expectations.definition import SuiteDefinition
from expectations.vocabulary import Stage, Suite


@functools.cache
def suites() -> tuple[Suite, ...]:
    """Return every suite, those of landed datasets first, each in the order of its name."""
    found: dict[str, Suite] = {}
    for module in pkgutil.walk_packages(expectations.__path__, "expectations."):
        if module.ispkg or module.name.count(".") != 2:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, SuiteDefinition):
                suite = value()
                found[suite.name] = suite
    return tuple(found[name] for name in sorted(found))


def suites_of(stage: Stage) -> tuple[Suite, ...]:
    """Return the suites of one stage."""
    return tuple(suite for suite in suites() if suite.stage == stage)

"""The bundle of this project, made and read once for all tests of dashboards."""

from functools import cache
from typing import Any

import yaml

from oic_assurance.reporting.dashboards.bundle import bundle
from oic_assurance.settings import load_settings

PROJECT = load_settings().project_root


@cache
def files() -> dict[str, str]:
    """Return the text of each file, keyed by its place."""
    return bundle(PROJECT)


@cache
def parsed(folder: str = "") -> dict[str, Any]:
    """Return the content of each file whose place begins with `folder`."""
    return {
        place: yaml.load(text, yaml.CSafeLoader)
        for place, text in files().items()
        if place.startswith(folder)
    }

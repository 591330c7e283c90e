"""Render the pages of a release from templates."""

from pathlib import Path
from typing import Any

from oic_assurance.reporting.paper import page

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **content: Any) -> bytes:
    """Return a page. The same content always gives the same bytes."""
    return page.render(TEMPLATES / template, **content).encode("utf-8")

"""Render the pages of a release from templates.

Each page is one HTML file that needs no network and no other file. A Content-Security-Policy in the
page prevents it from loading or running anything.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from oic_assurance.reporting.pack.pages import TEMPLATES as PACK_TEMPLATES
from oic_assurance.reporting.pack.pages import font_css
from oic_assurance.reporting.pack.shapes import SHAPES

TEMPLATES = Path(__file__).with_name("templates")
_IDS = re.compile(r"\b(id=\"|url\(#)p\d+-")
_STYLE = re.compile(r" style=\"max-width:[0-9.]+px\"")


def render(template: str, **content: Any) -> bytes:
    """Return a page. The same content always gives the same bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, PACK_TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "\n".join(
        [
            font_css(),
            (PACK_TEMPLATES / "pack.css").read_text(encoding="utf-8"),
            (TEMPLATES / "release.css").read_text(encoding="utf-8"),
        ]
    )
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    from markupsafe import Markup

    page = environment.get_template(template).render(
        style=Markup(style),  # noqa: S704 - files of this project, not input
        policy=policy,
        shapes=SHAPES,
        **content,
    )
    return _the_same_each_time(page).encode("utf-8")


def _the_same_each_time(page: str) -> str:
    """Return a page with the IDs of its drawings numbered from 1. Equal content gives equal bytes.

    The `style` attributes of the drawings are removed, because the page's policy allows only the
    page's own style sheet.
    """
    numbers: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        number = numbers.setdefault(match[0].partition(match[1])[2], f"d{len(numbers) + 1}-")
        return match[1] + number

    return _STYLE.sub("", _IDS.sub(renamed, page))

"""Make an HTML page that needs no other file and no network: not even a font."""

import base64
from pathlib import Path

from oic_assurance.gates.content_policy import REPORT, with_policy
from oic_assurance.reporting.paper.shapes import SHAPES

TEMPLATES = Path(__file__).with_name("templates")
#: For each font weight, the file of the font that is embedded in the pages.
FONT_FILES = {400: "SourceSansPro-Regular.ttf", 700: "SourceSansPro-Bold.ttf"}
#: No drawing on paper sets its own style, so a page allows only its style sheet.
_POLICY = {name: allowed for name, allowed in REPORT.items() if name != "style-src-attr"}


def render(template: Path, **content: object) -> str:
    """Return a page from a template. The same content always gives the same page.

    Style sheets beside the template are added to those of all pages. A template imports
    `parts.html.j2` for the frame of a page and for its parts.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folders = list(dict.fromkeys([template.parent, TEMPLATES]))
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheets = [sheet for folder in reversed(folders) for sheet in sorted(folder.glob("*.css"))]
    style = "\n".join([font_css(), *(sheet.read_text(encoding="utf-8") for sheet in sheets)])
    page = environment.get_template(template.name).render(
        style=Markup(style),  # noqa: S704 - files of this project, not input
        shapes=SHAPES,
        **content,
    )
    return with_policy(page, _POLICY)


def font_css() -> str:
    """Return CSS that contains the fonts, so that a reader's machine does not need them."""
    from font_source_sans_pro import font_directory

    return "".join(
        f'@font-face{{font-family:"Source Sans Pro";font-weight:{weight};'
        f"src:url(data:font/ttf;base64,{_encoded(Path(font_directory) / file)})}}"
        for weight, file in FONT_FILES.items()
    )


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()

"""Write the pack as an HTML page that needs no other files, such as fonts."""

import base64
from pathlib import Path

from oic_assurance.gates.content_policy import with_policy
from oic_assurance.reporting.pack.content import Board
from oic_assurance.reporting.pack.shapes import SHAPES

TEMPLATES = Path(__file__).with_name("templates")
#: For each font weight, the file of the font that is embedded in the pages.
FONT_FILES = {400: "SourceSansPro-Regular.ttf", 700: "SourceSansPro-Bold.ttf"}


def board_page(board: Board) -> str:
    """Return the Board's pack as one HTML page."""
    return render("board.html.j2", board=board)


def render(template: str, **content: object) -> str:
    """Return a page from a template of the pack, with the pack's style and content policy."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "pack.css").read_text(encoding="utf-8")
    page = environment.get_template(template).render(
        style=_safe(style), font=_safe(font_css()), shapes=SHAPES, **content
    )
    return with_policy(page)


def _safe(text: str) -> object:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - a file of this project, not input


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

"""Write the pack as PDF, and as an HTML page that needs no other files, such as fonts."""

import base64
from pathlib import Path

from oic_assurance.gates.content_policy import with_policy
from oic_assurance.reporting.pack.content import Board

TEMPLATES = Path(__file__).with_name("templates")
#: For each font weight, the file of the font that is embedded in the pages.
FONT_FILES = {400: "SourceSansPro-Regular.ttf", 700: "SourceSansPro-Bold.ttf"}


def board_page(board: Board) -> str:
    """Return the Board's pack as one HTML page."""
    return _render("board.html.j2", board=board)


def write_pdf(page: str, path: Path) -> None:
    """Write an HTML page as a PDF of A4 sheets."""
    import plutoprint

    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)
    # Without a base URL, links to other places in the page would not work in the PDF.
    book.load_html(page, base_url="file:///pack.html")
    book.write_to_pdf(str(path))


def _render(template: str, **content: object) -> str:
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
        style=_safe(style), font=_safe(font_css()), **content
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

"""Sets the pages: one file that needs nothing else, and the same on paper."""

import base64
from pathlib import Path

from oic_assurance.reporting.pack.content import Board
from oic_assurance.reporting.pack.public import Public

TEMPLATES = Path(__file__).with_name("templates")
#: The cuts of the typeface that are used: weight and file.
CUTS = {400: "SourceSansPro-Regular.ttf", 700: "SourceSansPro-Bold.ttf"}


def board_page(board: Board) -> str:
    """Return the pack for the Board as one HTML page."""
    return _render("board.html.j2", board=board)


def public_page(public: Public) -> str:
    """Return the public version as one HTML page."""
    return _render("public.html.j2", public=public)


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
    return environment.get_template(template).render(
        style=_safe(style), font=_safe(_typeface()), **content
    )


def _safe(text: str) -> object:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - a file of ours, not what somebody wrote


def on_paper(page: str, place: Path) -> None:
    """Write a page as a PDF of A4 sheets."""
    import plutoprint

    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)
    # A name, so that what leads to another place of the page stays within it.
    book.load_html(page, base_url="file:///pack.html")
    book.write_to_pdf(str(place))


def _typeface() -> str:
    """Return the typeface as style: the reader's machine, or this one, need not have any."""
    from font_source_sans_pro import font_directory

    return "".join(
        f'@font-face{{font-family:"Source Sans Pro";font-weight:{weight};'
        f"src:url(data:font/ttf;base64,{_encoded(Path(font_directory) / file)})}}"
        for weight, file in CUTS.items()
    )


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()

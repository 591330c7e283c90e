"""Write the pack as an HTML page that needs no other files, such as fonts."""

from pathlib import Path

from oic_assurance.reporting.pack.content import Board
from oic_assurance.reporting.paper import page

TEMPLATES = Path(__file__).with_name("templates")


def board_page(board: Board) -> str:
    """Return the Board's pack as one HTML page."""
    return render("board.html.j2", board=board)


def render(template: str, **content: object) -> str:
    """Return a page from a template of the pack."""
    return page.render(TEMPLATES / template, **content)

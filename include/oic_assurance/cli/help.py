"""`assurance help`: the pages of the documentation."""

import click

from oic_assurance.cli.main import PAGES
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shown import shows
from oic_assurance.commands import CHECKOUT, program
from oic_assurance.settings import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"


@click.command()
@click.argument("topic", required=False)
@shows
def help(topic: str | None) -> Result:  # noqa: A001 - a command is called as its function
    """Show a page of the documentation. Without TOPIC, list the how-to guides.

    TOPIC is the name of a page, such as at-night, or of a command, such as backup.
    """
    pages: dict[str, dict[str, str]] = {}
    for folder in ("how-to", "tutorial", "explanation", "reference", "bi", ""):
        for path in sorted((DOCS / folder).glob("[!R]*.md")):
            text = path.read_text(encoding="utf-8")
            title = text.removeprefix("# ").partition("\n")[0]
            pages[path.stem] = {
                "topic": path.stem,
                "title": title,
                "folder": folder,
                "place": str(path),
                "text": text,
            }
    if topic is None:
        guides = [page for page in pages.values() if page["folder"] == "how-to"]
        return Result(
            [Table("topics", columns("topic", "title"), guides)],
            next="`assurance help TOPIC` shows a page: one of these, or another page of docs.",
        )
    page = pages.get(topic) or pages.get(PAGES.get(topic, "").rpartition("/")[2])
    if page is None:
        context = click.get_current_context()
        raise click.NoSuchCommand(topic, f"There is no topic '{topic}'.", pages, context)
    page["text"] = page["text"].replace(CHECKOUT, program())
    shown = columns("topic", "title", "place", "text")
    return Result([Facts("page", shown, page)], text=page["text"])

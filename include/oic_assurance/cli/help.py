"""`assurance help`: the pages of the documentation."""

from pathlib import Path

import click

from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shown import shows
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
GUIDES = "how-to"
FOLDERS = (GUIDES, "tutorial", "explanation", "reference", "bi", "")
NIGHT = "at-night"
#: The commands that a page helps with. A subcommand without a page has that of its group.
HELPS = {
    "accept-vanished-records": ("batch accept",),
    "add-a-measure": ("dbt",),
    "add-a-source": ("sources document",),
    "approve-a-warning": ("checks", "publication approve", "publication reject"),
    "assurance-pack": ("pack",),
    NIGHT: ("demo", "run", "status"),
    "audit-log": ("audit",),
    "bi/excel": ("pack workbook",),
    "bi/superset": ("superset",),
    "bundle": ("pack bundle", "pack verify"),
    "connect-sources": ("sources",),
    "correct-a-rejected-row": ("quarantine",),
    "doctor": ("doctor",),
    "encrypt-the-archive": ("batch encrypt",),
    "erase": ("erase",),
    "explanation/minimisation": ("batch minimise",),
    "give-access": ("access",),
    "logins": ("db url",),
    "measures-in-metricflow": ("mf",),
    "monitor": ("metrics",),
    "national-view": ("release national", "release trust"),
    "notifications": ("notify",),
    "preview-a-change": ("publication preview",),
    "public-release": ("release",),
    "read-a-figure": ("explain",),
    "recall": ("erase approve", "erase recalls"),
    "reference/commands": ("help",),
    "rekey-pseudonyms": ("access pseudonyms", "access rekey"),
    "reproduce": ("publication reproduce",),
    "restore": ("backup",),
    "roll-back-a-publication": ("publication",),
    "run-it": ("db", "down", "simulate", "up"),
    "several-forces": ("forces",),
    "sign-off": ("signoff",),
    "supervisors-worklist": ("worklist",),
    "upkeep": ("upkeep",),
    "verify": ("batch",),
    "why-a-figure-changed": ("publication compare",),
}
PAGES = {command: page for page, commands in HELPS.items() for command in commands}


@click.command("help")
@click.argument("topic", required=False)
@shows
def help_(topic: str | None) -> Result:
    """Show a page of the documentation. Without TOPIC, list the how-to guides.

    TOPIC is the name of a page, such as at-night, or of a command, such as backup.
    """
    pages = {
        path.stem: path
        for folder in FOLDERS
        for path in sorted((DOCS / folder).glob("*.md"))
        if path.stem != "README"
    }
    if not pages:
        raise AssuranceError(
            "The documentation is not installed here. It is in docs/ of the repository, and "
            "`make docs` makes a site of it."
        )
    if topic is None:
        guides = {name: path for name, path in pages.items() if path.parent.name == GUIDES}
        rows = [{"topic": name, "title": _title(path)} for name, path in guides.items()]
        return Result(
            [Table("topics", columns("topic", "title"), rows)],
            next="`assurance help TOPIC` shows a page: one of these, or another page of docs.",
        )
    path = pages.get(topic) or pages.get(PAGES.get(topic, "").rpartition("/")[2])
    if path is None:
        context = click.get_current_context()
        raise click.NoSuchCommand(topic, f"There is no topic '{topic}'.", pages, context)
    text = path.read_text(encoding="utf-8")
    page = {"topic": path.stem, "title": _title(path), "place": str(path), "text": text}
    return Result([Facts("page", columns(*page), page)], text=text)


def see(error: AssuranceError, command: str) -> str:
    """Return a sentence with the page about a failure of a command.

    It is empty if the message names a page itself.
    """
    if "docs/" in error.message:
        return ""
    group = command.partition(" ")[0]
    page = (
        NIGHT if isinstance(error, ServerError) else PAGES.get(command) or PAGES.get(group, NIGHT)
    )
    place = page if "/" in page else f"{GUIDES}/{page}"
    return f"See docs/{place}.md, or `assurance help {place.rpartition('/')[2]}`."


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().removeprefix("# ").strip()

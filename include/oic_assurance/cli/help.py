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
#: The page that helps with a command. A subcommand without a page has that of its group.
PAGES = {
    "access": "give-access",
    "access pseudonyms": "rekey-pseudonyms",
    "access rekey": "rekey-pseudonyms",
    "audit": "audit-log",
    "backup": "restore",
    "batch": "verify",
    "batch accept": "accept-vanished-records",
    "batch encrypt": "encrypt-the-archive",
    "batch minimise": "explanation/minimisation",
    "checks": "approve-a-warning",
    "db": "run-it",
    "db url": "logins",
    "dbt": "add-a-measure",
    "demo": NIGHT,
    "doctor": "doctor",
    "down": "run-it",
    "erase": "erase",
    "erase approve": "recall",
    "erase recalls": "recall",
    "explain": "read-a-figure",
    "forces": "several-forces",
    "help": "reference/commands",
    "metrics": "monitor",
    "mf": "measures-in-metricflow",
    "notify": "notifications",
    "pack": "assurance-pack",
    "pack bundle": "bundle",
    "pack verify": "bundle",
    "pack workbook": "bi/excel",
    "publication": "roll-back-a-publication",
    "publication approve": "approve-a-warning",
    "publication compare": "why-a-figure-changed",
    "publication preview": "preview-a-change",
    "publication reject": "approve-a-warning",
    "publication reproduce": "reproduce",
    "quarantine": "correct-a-rejected-row",
    "release": "public-release",
    "release national": "national-view",
    "release trust": "national-view",
    "run": NIGHT,
    "signoff": "sign-off",
    "simulate": "run-it",
    "sources": "connect-sources",
    "sources document": "add-a-source",
    "status": NIGHT,
    "superset": "bi/superset",
    "up": "run-it",
    "upkeep": "upkeep",
    "worklist": "supervisors-worklist",
}


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

"""The pages of `assurance publication preview`: what a changed rule would change."""

import re
from collections.abc import Sequence
from pathlib import Path

from oic_assurance.reporting.paper.document import Document, Section, Table, Text, write_page
from oic_assurance.reporting.templates import row
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.folders import private_folder, replacing

TITLE = "What this change would change"


def write_pages(settings: Settings, told: Sequence[str], tables: Sequence[Table]) -> list[Path]:
    """Write a page, and the same as Markdown, into the reports folder, and return their paths."""
    markdown = [f"## {TITLE}\n", *(f"\n{sentence}\n" for sentence in told)]
    for table in tables:
        head = [row(*table.head), row(*("---" for _ in table.head))] if table.rows else []
        rows = [row(*map(_escaped, cells)) for cells in table.rows]
        markdown += [f"\n### {table.title}\n\n", *head, *rows, "" if head else f"{table.empty}\n"]
    document = Document(
        name="Preview of a change",
        heading=TITLE,
        sections=[Section("The differences", "differences", [*map(Text, told), *tables])],
    )
    folder = private_folder(settings, settings.home / "reports")
    paths = []
    for name in ("preview.html", "preview.md"):
        path = folder / name
        with replacing(path) as draft:
            if name == "preview.md":
                draft.write_text("".join(markdown), encoding="utf-8")
            else:
                write_page(document, draft)
        share(settings, path)
        paths.append(path)
    return paths


def _escaped(text: str) -> str:
    """Escape what has a meaning in Markdown or HTML. `row` does so for a vertical bar."""
    return re.sub(r"([\\`*{}\[\]<>@#!]|\b_|_\b)", r"\\\1", text)

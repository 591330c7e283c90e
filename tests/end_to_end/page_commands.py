"""Read the commands of a page of the documentation, so that a test follows it to the letter."""

import re
from pathlib import Path

PAGES = Path(__file__).resolve().parents[2] / "docs"


def commands(page: str, heading: str) -> list[str]:
    """Return the indented lines of a section, in their order.

    `page` is a path inside `docs`. A section ends at the next heading of the same level.
    """
    text = (PAGES / page).read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n## {heading}\n")
    assert rest, f"{page} has no section '{heading}'"
    section = rest.partition("\n## ")[0]
    # In a numbered list, a sentence has four spaces and a command has eight.
    is_command = re.compile(r"(?: {4}| {8})(?:[A-Z_]+=|[^ A-Z*`-])")
    return [line.strip() for line in section.splitlines() if is_command.match(line)]

"""A hook of MkDocs: it puts the tables of commands and of the tests' catalogues into their pages.

MkDocs imports this file by its path, so the root of the project is added to Python's path first.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import click

from oic_assurance.cli.main import COMMANDS, PAGES, cli
from tests.catalogue import report
from tests.files import page as files_page

_PLACE = re.compile(r"<!-- list: (tests\.\w+) -->\n.*?<!-- end -->\n", re.DOTALL)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page with the tables in their places."""
    return _PLACE.sub(lambda place: _TABLES[place.group(1)](), markdown)


def commands() -> str:
    """Return a table of the commands for each group of commands, from what `--help` says."""
    rows: dict[str, list[str]] = {group: [] for group, _, _ in COMMANDS.values()}
    for context, command in _commands(cli, click.Context(cli, info_name="assurance")):
        path = context.command_path.removeprefix("assurance ")
        name = path.partition(" ")[0]
        pieces = " ".join(command.collect_usage_pieces(context)[1:])
        said = " ".join((command.help or "").partition("\n\n")[0].split()).replace("|", "\\|")
        page = PAGES.get(path, PAGES[name])
        page = f"../{page}.md" if "/" in page else f"../how-to/{page}.md"
        usage = f"{context.command_path} {pieces}".strip().replace("|", "\\|")
        rows[COMMANDS[name][0]].append(f"| `{usage}` | {said} | [{Path(page).stem}]({page}) |\n")
    head = "| command | what it does | page |\n|---|---|---|\n"
    return "\n".join(f"## {group}\n\n{head}{''.join(of)}" for group, of in rows.items())


def _commands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Context, click.Command]]:
    if not isinstance(command, click.Group):
        yield context, command
        return
    for name in command.list_commands(context):
        if inner := command.get_command(context, name):
            yield from _commands(inner, click.Context(inner, info_name=name, parent=context))


_TABLES = {
    "tests.commands": commands,
    "tests.catalogue": report.tables,
    "tests.files": files_page.table,
}

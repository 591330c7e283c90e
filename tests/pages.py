"""Put the tables of commands and of the tests' catalogues into the pages of the site."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from oic_assurance.cli.main import COMMANDS, PAGES, cli
from tests.catalogue import report
from tests.files import page as files_page

_PLACE = re.compile(r"<!-- list: (tests\.\w+) -->\n.*?<!-- end -->\n", re.DOTALL)


def filled(markdown: str) -> str:
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

if __name__ == "__main__":
    for page in Path(sys.argv[1]).rglob("*.md"):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")

"""What the documentation names is there: the pages of links, and commands with their options."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from oic_assurance.cli.main import cli
from oic_assurance.reporting.documents import pages
from tests.conftest import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
PAGES = sorted([*PROJECT_ROOT.glob("*.md"), *DOCS.rglob("*.md")])
#: A command or a target of make, in a line of code or between backticks.
COMMAND = re.compile(
    r"(?:^|(?<!entrypoint)(?<!-o)[`$(&| ])(?:\.venv/bin/)?(assurance|make) ([a-z-][^`\n#|&;)]*)",
    re.MULTILINE,
)
CODE = re.compile(r"^```.*?^```|^ {4,}\S.*?$|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def texts() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each page in the repository."""
    for path in PAGES:
        yield path.relative_to(PROJECT_ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_every_link_leads_to_a_page() -> None:
    made = {f"docs/{place}" for place in pages.pages(PROJECT_ROOT)}
    lost = [
        (place, link)
        for place, text in texts()
        for link in re.findall(r"\]\((?!\w+:)([^)#\s]+)[^)\s]*\)", CODE.sub("", text))
        if not (found := (PROJECT_ROOT / place).parent / link).exists()
        and _relative(found) not in made
    ]
    assert lost == []


def test_every_command_and_every_option_of_it_exists() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    wrong = []
    for place, text in texts():
        # A version and a decision tell what the commands were then.
        if place == "CHANGELOG.md" or place.startswith("docs/decisions/"):
            continue
        for code in CODE.findall(text):
            for program, words in COMMAND.findall(code):
                given = re.sub(r'"[^"]*"', "TEXT", words).split()
                if program == "make":
                    known = not given or given[0] in targets or not given[0].isalpha()
                else:
                    known = not _unknown(given)
                if not known:
                    wrong.append((place, f"{program} {words}"))
    assert wrong == []


@cache
def _options(command: click.Command) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def _unknown(words: list[str]) -> str:
    """Return the first word that is no command or no option of the command line, or ""."""
    command: click.Command = cli
    options = _options(cli) | {"--help", "--force"}
    for word in words:
        if command.context_settings.get("allow_interspersed_args") is False:
            # The rest is for another program, such as dbt.
            return ""
        if word.startswith("--"):
            if word.partition("=")[0].rstrip(".,") not in options:
                return word
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            found = command.get_command(click.Context(command), word)
            if found is None:
                return word
            command = found
            options = options | _options(command)
            # A group such as `pack` has a command that needs no name.
            if isinstance(command, click.Group):
                for one in command.commands.values():
                    options = options | _options(one)
    return ""


def _relative(path: Path) -> str:
    """Return a path that need not exist as one in the project."""
    return path.resolve().relative_to(PROJECT_ROOT).as_posix()

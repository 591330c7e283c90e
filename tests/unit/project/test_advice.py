"""Every command that a message names can be typed, in a checkout and in a deployment with compose.

The list of them is made by collecting: each text in the code with a command between backticks, and
the commands of the problems.
"""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import click
import pytest
import yaml

from oic_assurance.cli.main import cli
from oic_assurance.commands import VARIABLE, as_typed
from oic_assurance.errors import UsageError
from oic_assurance.state.apply import problem_kinds
from tests.conftest import PROJECT_ROOT

COMMAND = re.compile(r"`((?:assurance|airflow|make|docker compose) [^`]+)`")
#: What may stand for a value in a command: a word in capitals, or what the code fills in.
PLACEHOLDER = re.compile(r"[A-Z]+|…|\{\}|%s")
VALUES = (str(Path(__file__)), "1", "hr/personnel", "logs", "erase", "E23000022", "0" * 64)
#: Developers read these in a checkout, whatever they try to run. The image has no such programs.
IN_A_CHECKOUT = {"make setup-dev", "make setup-spark", "make down"}


def strings(path: Path) -> Iterator[str]:
    """Yield each text of a module but docstrings. A value that the code fills in becomes `{}`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
        elif isinstance(node, ast.Expr):
            left_out.add(id(node.value))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in left_out
        ):
            yield node.value


def advice() -> dict[str, str]:
    """Return every command that the code names, with a place that names it."""
    found: dict[str, str] = {}
    for folder in ("include/oic_assurance", "dags"):
        for path in sorted((PROJECT_ROOT / folder).rglob("*")):
            place = path.relative_to(PROJECT_ROOT).as_posix()
            # The schema and a migration that have landed are never edited.
            if path.suffix in (".py", ".sql") and path.parent.name not in ("schema", "migrations"):
                is_code = path.suffix == ".py"
                texts = strings(path) if is_code else [path.read_text(encoding="utf-8")]
                for text in texts:
                    named = COMMAND.findall(text) if is_code else _in_sql(text)
                    found |= {" ".join(one.split()): place for one in named}
    for code, kind in problem_kinds().items():
        command = kind["command"].replace("{subject}", "{}")
        if command.startswith("assurance "):
            found[command] = f"problems.yml: {code}"
    # A command that the code fills in as a whole.
    return {command: place for command, place in found.items() if command != "assurance {}"}


def _in_sql(text: str) -> list[str]:
    """Return the commands in the literals of SQL: between backticks, or as a whole literal."""
    literals = re.findall(r"'((?:[^']|'')*)'", re.sub(r"^\s*--.*", "", text, flags=re.MULTILINE))
    whole = [one for one in literals if one.startswith("assurance ")]
    return [*whole, *(found for one in literals for found in COMMAND.findall(one))]


def parse(command: str) -> None:
    """Parse a command, arguments included, with values in place of what stands for them.

    Raises:
        click.UsageError: It cannot be parsed, whatever the values are.
    """
    words = command.split()[1:]
    places = [place for place, word in enumerate(words) if PLACEHOLDER.fullmatch(word)]
    error: Exception | None = None
    for values in product(VALUES, repeat=len(places)):
        given = list(words)
        for place, value in zip(places, values, strict=True):
            given[place] = value
        try:
            _parse_all(given)
        except (click.UsageError, UsageError) as refused:
            error = refused
        else:
            return
    raise error or click.UsageError(command)


def _parse_all(words: list[str]) -> None:
    found: click.Command = cli
    rest, context = list(words), click.Context(cli)
    while rest and isinstance(found, click.Group) and not rest[0].startswith("-"):
        name = rest.pop(0)
        inner = found.get_command(context, name)
        if inner is None:
            raise click.UsageError(f"There is no command '{name}'.")
        found = inner
    # A whole group may be named, as `assurance backup`.
    if rest or not isinstance(found, click.Group):
        found.make_context(words[0], rest)


def test_every_command_that_advice_names_is_parsed() -> None:
    found = advice()
    assert len(found) > 80
    wrong = {}
    for command, place in found.items():
        try:
            if command.startswith("assurance "):
                parse(command)
        except (click.UsageError, UsageError) as error:
            wrong[f"{place}: {command}"] = str(error)
    assert wrong == {}


def test_every_command_that_advice_names_works_with_compose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    described = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    settings = described["x-settings"][VARIABLE]
    [typed_on_the_host] = re.findall(r"\$\{ASSURANCE_COMMAND:-(.*)\}", settings)
    monkeypatch.setenv(VARIABLE, typed_on_the_host)
    wrong = {}
    for command, place in advice().items():
        typed = as_typed(f"`{command}`").strip("`")
        service = re.fullmatch(r"docker compose (?:run --rm|exec|logs) (\S+).*", typed)
        if service:
            is_there = service[1] in described["services"]
        else:
            is_there = typed.startswith("docker compose ")
        if not is_there and command not in IN_A_CHECKOUT:
            wrong[f"{place}: {command}"] = typed
    assert wrong == {}


def test_every_page_that_messages_name_exists() -> None:
    lost = []
    for path in sorted((PROJECT_ROOT / "include/oic_assurance").rglob("*.py")):
        named = re.findall(r"(docs/[a-z0-9/-]+\.md)(?:#([a-z0-9-]+))?", " ".join(strings(path)))
        for page, anchor in named:
            text = (
                (PROJECT_ROOT / page).read_text("utf-8") if (PROJECT_ROOT / page).exists() else ""
            )
            heads = [
                re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
                for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            ]
            if not text or (anchor and anchor not in heads):
                lost.append((path.name, page, anchor))
    assert lost == []


def test_a_problem_s_command_is_of_the_project_or_of_the_machine() -> None:
    for code, kind in problem_kinds().items():
        program = kind["command"].split()[0]
        assert program in ("assurance", "df", "timedatectl"), code

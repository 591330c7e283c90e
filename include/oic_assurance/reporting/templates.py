"""Fill Jinja's templates with what was read of the declarations and of the models."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

#: Words in table names that have capital letters in a title, each with its spelling in a title.
_SPELLING = {word.lower(): word for word in ("HR", "Hydra", "LMS", "NCCU", "OIC", "RMS")}
#: The prefixes of dimension and fact tables, which titles do not show.
_PREFIXES = ("dim_", "fct_")


def title(name: str) -> str:
    """Return the title for a table name: `fct_nccu_referral` becomes `NCCU referral`."""
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    words = [_SPELLING.get(word, word) for word in name.split("_")]
    words[0] = words[0][0].upper() + words[0][1:]
    return " ".join(words)


def cell(value: object) -> str:
    """Return a value as it stands in a cell of a Markdown table: on one line, bars escaped."""
    return " ".join(str(value).split()).replace("|", "\\|")


def row(*cells: object) -> str:
    """Return one row of a Markdown table as a line."""
    return f"| {' | '.join(map(cell, cells))} |\n"


def listed(items: Iterable[object], last: str) -> str:
    """Return a list in words, such as "`a`, `b` or `c`"."""
    *first, end = (f"`{item}`" for item in items)
    return f"{', '.join(first)} {last} {end}" if first else end


def one_line(text: str) -> str:
    """Return a text of XML elements on one line, without blanks between the elements."""
    return " ".join(line.strip() for line in text.splitlines() if line.strip()).replace("> <", "><")


def templates(folder: Path, **filters: Callable[..., Any]) -> Callable[..., str]:
    """Return a function that fills a template of a folder, by its name and what it needs.

    The templates can use the functions of this module and `filters` as filters.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=False,  # noqa: S701 - Markdown, YAML, TMDL and JSON, each from our own files
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {"cell": cell, "listed": listed, "title": title, **filters}

    def fill(template: str, /, **content: object) -> str:
        return environment.get_template(template).render(**content)

    return fill

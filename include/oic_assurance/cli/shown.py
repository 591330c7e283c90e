"""Show the result of a command: as text for people, or as one JSON document for programs."""

import functools
import inspect
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import click

from oic_assurance import formats
from oic_assurance.cli.result import Column, Facts, Result, Table, unit_of, value_of
from oic_assurance.commands import ENTERED, as_typed
from oic_assurance.formats import NARROWEST, TEXT_ROOM, UNLIMITED, wrapped
from oic_assurance.settings import FORCE_NAME, load_settings

INDENT = 2
#: What a terminal could take for a command. It is never shown, wherever a value comes from.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COLOURS = {
    **dict.fromkeys(("ok", "published", "fresh", "done", "agree"), "green"),
    **dict.fromkeys(("attention", "warning", "stale", "advice"), "yellow"),
    **dict.fromkeys(("failed", "critical", "blocked"), "red"),
    "unknown": "magenta",
}
_AS_PEOPLE_READ: dict[str, Callable[[Any], str]] = {
    "number": lambda value: f"{value:,.10g}" if isinstance(value, float) else f"{value:,}",
    "share": formats.share,
    "moment": formats.short_moment,
    "day": formats.day,
    "month": lambda value: formats.day(value)[3:],
    "size": formats.size,
    "seconds": lambda value: f"{value:,.1f} s",
    "yes": lambda value: "yes" if value else "no",
}


def shows(command: Callable[..., Result]) -> Callable[..., int]:
    """Let a command that returns a `Result` take `--json`, show its result, and exit with its code.

    It stands directly above the function, below click's decorators. A command whose first
    parameter is `settings` gets the settings of the process.
    """
    needs_settings = next(iter(inspect.signature(command).parameters), "") == "settings"

    @click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
    )
    @functools.wraps(command)
    def shown(as_json: bool, **given: Any) -> int:
        result = command(*([load_settings()] if needs_settings else []), **given)
        if result.text and not as_json:
            # On a terminal, the pager shows what has several lines.
            (click.echo_via_pager if "\n" in result.text else click.echo)(result.text)
        else:
            sys.stdout.write(as_document(result) if as_json else as_text(result))
        return result.exit_code

    return shown


# ---------------------------------------------------------------- for programs


def as_document(result: Result) -> str:
    """Return a result as one JSON document that ends with a line break.

    - Each table and each single row stands under its name, with the keys of its columns.
    - `notes` holds the sentences, and `next` what to do next, or null.
    - Dates and times are in ISO 8601. Times have their UTC offset. A missing value is null.
    - If the deployment has several forces, `force_code` comes first.

    Raises:
        ValueError: A number is not finite.
    """
    entered = os.environ.get(ENTERED, "")
    found: dict[str, Any] = {"force_code": entered} if entered else {}
    for part in result.parts:
        if isinstance(part, str):
            continue
        objects = [
            {column.key: _said(value_of(row, column.key)) for column in part.columns}
            for row in part.rows
        ]
        if isinstance(part, Table):
            found.setdefault(part.name, []).extend(objects)
        else:
            found[part.name] = objects[0] if objects else None
    found["notes"] = [as_typed(part) for part in result.parts if isinstance(part, str)]
    found["next"] = as_typed(result.next) or None
    return json.dumps(found, default=_plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _said(value: Any) -> Any:
    """Return a value, and a text with its commands as a person types them."""
    return as_typed(value) if isinstance(value, str) else value


def _plain(value: Any) -> object:
    """Return a value that the module `json` cannot write as one that it can."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) or isinstance(value, SimpleNamespace):
        return vars(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    return list(value) if isinstance(value, Sequence) else str(value)


# ---------------------------------------------------------------- for people


def as_text(result: Result) -> str:
    """Return a result as text that fits the terminal. A fact without a value has no line.

    Tables that follow one another are separated by an empty line. The only row of a table that is
    too wide for the terminal has a line for each value. Without a terminal there is no colour. If
    the deployment has several forces, the first line says whose result it is.
    """
    entered = os.environ.get(ENTERED, "")
    lines = [f"Force {entered}, {os.environ.get(FORCE_NAME, '')}"] if entered else []
    before: object = ""
    for part in result.parts:
        if not (found := _lines(part)):
            continue
        if lines and not (isinstance(part, str) and isinstance(before, str)):
            lines.append("")
        lines += found
        before = part
    if result.next:
        lines += ["", *wrapped(_clean(f"Next: {result.next}"))]
    return as_typed("".join(f"{line}\n" for line in lines))


def _lines(part: Table | Facts | str) -> list[str]:
    if isinstance(part, str):
        return [line for one in _clean(part).splitlines() for line in wrapped(one) or [""]]
    if not part.rows:
        return wrapped(part.empty)
    title = wrapped(part.title)
    indent = INDENT if title else 0
    columns = [column for column in part.columns if not column.is_for_programs]
    if isinstance(part, Facts):
        return title + _facts(columns, part.rows[0], indent)
    shown = part.rows[: part.at_most]
    in_row = [column for column in columns if not column.is_note]
    notes = [column for column in columns if column.is_note]
    rows = [[" ".join(_cell(column, row).split()) for column in in_row] for row in shown]
    head = [column.heading for column in in_row]
    if len(part.rows) == 1 and sum(_widths([head, *rows])) + indent - 2 > _room():
        return title + _facts(columns, part.rows[0], indent)
    right = {place for place, one in enumerate(in_row) if one.unit in ("number", "size")}
    below = [_notes(notes, row) for row in shown]
    if part.at_most == 0:
        return wrapped(
            f"{part.title}: {len(part.rows):,}" + (f", {part.more}" if part.more else "")
        )
    lines = title + _table(head if part.has_head and rows else [], rows, indent, below, right)
    if left := len(part.rows) - len(shown):
        lines += wrapped(f"and {left:,} more" + (f": {part.more}" if part.more else ""), INDENT)
    is_wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    can_show = os.environ.get("TERM") not in ("dumb", "unknown")
    if not (is_wanted and can_show) or all(column.unit != "state" for column in columns):
        return lines
    # The first word of a state in each line has its colour.
    words = re.compile(rf"(?<!\S)({'|'.join(_COLOURS)})(?!\S)")
    return [
        words.sub(lambda found: click.style(found[0], fg=_COLOURS[found[0]]), line, count=1)
        for line in lines
    ]


def _notes(columns: Sequence[Column], row: object) -> list[str]:
    """Return the notes of a row: each without a title, and a sentence of those with a title."""
    found = [(one.title, text) for one in columns if (text := _cell(one, row, ""))]
    titled = ", ".join(f"{title} {text}" for title, text in found if title)
    return [*(text for title, text in found if not title), *filter(None, [titled])]


def _facts(columns: Sequence[Column], row: object, indent: int) -> list[str]:
    named = [column.heading for column in columns if not column.is_note]
    start = indent + max(map(len, named), default=0) + 2
    lines: list[str] = []
    for column in columns:
        first = " " * indent + ("" if column.is_note else column.heading)
        for one in filter(str.strip, _cell(column, row, "").splitlines()):
            lines += wrapped(one, start, first.ljust(start))
            first = ""
    return lines


def _cell(column: Column, row: object, missing: str = formats.NOTHING) -> str:
    value = value_of(row, column.key)
    if value is None or value in ("", (), [], {}):
        return missing
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence | Set):
        value = [value]
    return ("\n" if column.is_note else ", ").join(_text(column, row, one) for one in value)


def _text(column: Column, row: object, value: Any) -> str:
    if column.unit == "measured":
        return formats.in_unit(value, value_of(row, "unit_of_value"))
    if column.unit == "change":
        return formats.difference(value, value_of(row, "unit_of_value"))
    unit = unit_of(value) if column.unit == "text" else column.unit
    if column.unit == "text" and unit == "number":
        # It may be an ID, which has no separators.
        return f"{value:,.1f}" if isinstance(value, float) else str(value)
    if unit in _AS_PEOPLE_READ:
        return _AS_PEOPLE_READ[unit](value)
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {one}" for name, one in value.items() if one is not None)
    return _clean(str(value))


def cells(part: Table) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of a table for a page, with the notes as columns."""
    shown = [column for column in part.columns if not column.is_for_programs]
    rows = [[_cell(column, row) for column in shown] for row in part.rows[: part.at_most]]
    return [column.heading for column in shown], rows


def _clean(text: str) -> str:
    """Return a text without control characters, and with its commands as a person types them."""
    return as_typed(_CONTROL.sub("", text))


def _room() -> int:
    """Return how wide a table can be. Without a terminal, its width is not limited."""
    return max(NARROWEST, shutil.get_terminal_size((UNLIMITED, 0)).columns)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column of a table is, with the space before the next one."""
    return [2 + max(map(len, column)) for column in zip(*rows, strict=True)]


def _table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    indent: int,
    notes: Sequence[Sequence[str]],
    right: Set[int],
) -> list[str]:
    """Return the lines of a table: the column headings, if there are any, followed by the rows.

    `notes` holds texts for each row, which are written below the row. The columns in `right` are
    aligned to the right. If the table is wider than the terminal, the last column is wrapped. If
    that is not enough, what a row has in columns that do not fit is written below the row, each
    after the name of its column.
    """
    above = [head] if head else []
    widths, room = _widths([*above, *rows]), _room()
    fit = columns = len(widths)
    while fit > 1 and indent + sum(widths[:fit]) - 2 > room:
        fit -= 1
    start = indent + sum(widths[:-1])
    words = [word for row in rows for word in row[-1].split()]
    hangs = fit == columns - 1 and room - start >= max([TEXT_ROOM, *map(len, words)])
    lines = []
    for row, below in zip([*above, *rows], [*([[]] * len(above)), *notes], strict=True):
        first = " " * indent
        for place, (cell, wide) in enumerate(zip(row[:fit], widths[:fit], strict=True)):
            first += f"{cell.rjust(wide - 2)}  " if place in right else cell.ljust(wide)
        if hangs:
            lines += wrapped(row[-1], start, first, limit=room)
        else:
            lines.append(first.rstrip())
            if row is not head:
                names = head[fit:] or [""] * (columns - fit)
                rest = zip(names, row[fit:], strict=True)
                there = [f"{name} {cell}" for name, cell in rest if cell != formats.NOTHING]
                lines += wrapped(", ".join(there), indent + 4)
        for note in below:
            lines += [text for line in note.splitlines() for text in wrapped(line, indent + 4)]
    return lines

"""Show the result of a command: as text for people, or as one JSON document for programs."""

import functools
import inspect
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click

from oic_assurance import formats
from oic_assurance.cli.result import Column, Facts, Result, Table, value_of
from oic_assurance.commands import with_force
from oic_assurance.formats import NARROWEST, TEXT_ROOM, UNLIMITED, wrapped
from oic_assurance.settings import ENTERED, FORCE_NAME, load_settings

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
    notes = [with_force(part) for part in result.parts if isinstance(part, str)]
    for part in result.parts:
        if isinstance(part, Table):
            found.setdefault(part.name, []).extend(_object(part.columns, row) for row in part.rows)
        elif isinstance(part, Facts):
            found[part.name] = None if part.row is None else _object(part.columns, part.row)
    document = {**found, "notes": notes, "next": with_force(result.next) or None}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _object(columns: Sequence[Column], row: object) -> dict[str, object]:
    return {column.key: plain(value_of(row, column.key)) for column in columns}


def plain(value: Any) -> object:
    """Return a value converted to types that the module `json` can write."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        value = sorted(value)
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


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
        found = _paragraph(part) if isinstance(part, str) else _lines(part)
        if found and lines and not (isinstance(part, str) and isinstance(before, str)):
            lines.append("")
        lines += found
        before = part if found else before
    if result.next:
        lines += ["", *wrapped(_clean(f"Next: {result.next}"))]
    return with_force("".join(f"{line}\n" for line in lines))


def _paragraph(text: str) -> list[str]:
    return [line for part in _clean(text).splitlines() for line in wrapped(part) or [""]]


def _lines(part: Table | Facts) -> list[str]:
    rows = part.rows if isinstance(part, Table) else [part.row] if part.row is not None else []
    if not rows:
        return wrapped(part.empty) if part.empty else []
    title = wrapped(part.title) if part.title else []
    indent = INDENT if part.title else 0
    if isinstance(part, Facts):
        return title + _facts(part.columns, rows[0], indent)
    shown = rows[: part.at_most]
    in_row = [one for one in part.columns if not one.is_note and not one.is_for_programs]
    notes = [column for column in part.columns if column.is_note]
    head = [column.heading for column in in_row]
    cells = [[_cell(column, row) for column in in_row] for row in shown]
    wide = indent + sum(2 + max(map(len, pair)) for pair in zip(head, cells[0], strict=True)) - 2
    if len(rows) == 1 and wide > _room():
        return title + _facts(part.columns, rows[0], indent)
    lines = table(
        head if part.has_head else [],
        cells,
        indent=indent,
        notes=[_notes(notes, row) for row in shown],
        right={place for place, one in enumerate(in_row) if one.unit in ("number", "size")},
    )
    if len(rows) > len(shown):
        where = f": {part.more}" if part.more else ""
        lines += wrapped(f"and {len(rows) - len(shown):,} more{where}", INDENT)
    return title + _coloured(part.columns, lines)


def _notes(columns: Sequence[Column], row: object) -> list[str]:
    """Return the notes of a row: each without a title, and a sentence of those with a title."""
    found = [(one.title, text) for one in columns if (text := _cell(one, row, ""))]
    titled = ", ".join(f"{title} {text}" for title, text in found if title)
    return [*(text for title, text in found if not title), *filter(None, [titled])]


def _facts(given: Sequence[Column], row: object, indent: int) -> list[str]:
    columns = [column for column in given if not column.is_for_programs]
    named = [column for column in columns if not column.is_note]
    start = indent + max((len(column.heading) for column in named), default=0) + 2
    lines: list[str] = []
    for column in columns:
        text = _cell(column, row, "")
        first = " " * indent + ("" if column.is_note else column.heading)
        for one in filter(str.strip, text.splitlines()):
            lines += wrapped(one, start, first.ljust(start))
            first = ""
    return lines


def _cell(column: Column, row: object, missing: str = formats.NOTHING) -> str:
    value = value_of(row, column.key)
    if value is None or value == "":
        return missing
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence | Set):
        value = [value]
    return ("\n" if column.is_note else ", ").join(_text(column, row, one) for one in value)


def _text(column: Column, row: object, value: Any) -> str:
    if column.unit == "measured":
        return formats.in_unit(value, value_of(row, "unit_of_value"))
    if column.unit == "change":
        return formats.difference(value, value_of(row, "unit_of_value"))
    if column.unit in _AS_PEOPLE_READ:
        return _AS_PEOPLE_READ[column.unit](value)
    if isinstance(value, bool):
        return _AS_PEOPLE_READ["yes"](value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {one}" for name, one in value.items() if one is not None)
    if isinstance(value, datetime):
        return formats.short_moment(value)
    return formats.day(value) if isinstance(value, date) else _clean(str(value))


def cells(part: Table) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of a table for a page, with the notes as columns."""
    shown = [column for column in part.columns if not column.is_for_programs]
    rows = [[_cell(column, row) for column in shown] for row in part.rows[: part.at_most]]
    return [column.heading for column in shown], rows


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)


def _coloured(columns: Sequence[Column], lines: list[str]) -> list[str]:
    """Colour the first word of a state in each line, on a terminal."""
    is_wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if not is_wanted or not any(column.unit == "state" for column in columns):
        return lines
    words = re.compile(rf"(?<=\s)({'|'.join(_COLOURS)})(?=\s|$)|^({'|'.join(_COLOURS)})(?=\s)")
    return [
        words.sub(lambda found: click.style(found[0], fg=_COLOURS[found[0]]), line, count=1)
        for line in lines
    ]


def _room() -> int:
    """Return how wide a table can be. Without a terminal, its width is not limited."""
    return max(NARROWEST, shutil.get_terminal_size((UNLIMITED, 0)).columns)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    indent: int = INDENT,
    notes: Sequence[Sequence[str]] | None = None,
    right: Set[int] = frozenset(),
) -> list[str]:
    """Return the lines of a table: the column headings, if there are any, followed by the rows.

    `notes` holds texts for each row, which are written below the row. The columns in `right` are
    aligned to the right. If the table is wider than the terminal, the last column is wrapped. If
    that is not enough, what a row has in columns that do not fit is written below the row, each
    after the name of its column.
    """
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    above = [head] if head else []
    widths = [max(map(len, cells)) for cells in zip(*above, *rows, strict=True)]
    room = _room()
    fit = columns = len(widths)
    while fit > 1 and indent + sum(widths[:fit]) + 2 * (fit - 1) > room:
        fit -= 1
    start = indent + sum(widths[:-1]) + 2 * (columns - 1)
    words = [word for row in rows for word in row[-1].split()]
    hangs = fit == columns - 1 and room - start >= max([TEXT_ROOM, *map(len, words)])
    lines = []
    notes = notes or [[]] * len(rows)
    for row, below in zip([*above, *rows], [*([[]] * len(above)), *notes], strict=True):
        cells = [
            cell.rjust(wide) if place in right else cell.ljust(wide)
            for place, (cell, wide) in enumerate(zip(row[:fit], widths[:fit], strict=True))
        ]
        first = " " * indent + "".join(f"{cell}  " for cell in cells)
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

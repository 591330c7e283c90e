"""What the schema of declarations cannot see: parts of one, or two of them, that do not fit.

Each finding is a path into the declaration, from which the line follows, and words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oic_assurance.sources.declarations.model import (
    DAY,
    PROVENANCE,
    Column,
    DatabasePlace,
    Dataset,
    FilePlace,
    Table,
)
from oic_assurance.sources.declarations.patterns import why_not
from oic_assurance.sources.declarations.yaml_lines import Path

Problem = tuple[Path, str]

#: PostgreSQL cuts a longer name, and two that were cut can be the same.
LONGEST_NAME = 63
#: What landing calls columns of its own beside the declared, and PostgreSQL in every table.
_OF_LANDING = ("fault", "cells", "reasons", "repeats")
_TEMPLATE = re.compile(r"\{[{%#]")
_OF_POSTGRESQL = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")


def disagreements(dataset: Dataset, said: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """List where a declaration, which was `said` in a file of that name, contradicts itself."""
    expected = dataset.name.replace("/", "_") + ".yml"
    if file != expected:
        yield ("dataset",), f"the file of {dataset.name} must be called {expected}"
    yield from _of_words(said, ())
    if isinstance(dataset.place, DatabasePlace):
        yield from _of_database(dataset.place, dataset.tables[0])
    else:
        yield from _of_files(dataset.place)
    yield from _of_retention(dataset)
    for number, table in enumerate(dataset.tables):
        path: Path = ("tables", number)
        yield from _of_table(dataset, table, path)
        yield from _of_key(dataset, table, said["tables"][number]["columns"], path)
        for column in table.columns:
            yield from _of_column(dataset, table, column, (*path, "columns", column.name))


def disputes(dataset: Dataset, others: Sequence[Dataset]) -> Iterator[Problem]:
    """List what a dataset claims that is another's already: its name, its place, a raw table."""
    for other in others:
        if dataset.name == other.name:
            yield ("dataset",), f"{dataset.name} is declared already"
        if _same_place(dataset.place, other.place):
            yield ("place",), f"what it reads is read by {other.name} already"
    tables = {table.name: other.name for other in others for table in other.tables}
    taken = {name: other.name for other in others for t in other.tables for name in _relations(t)}
    for number, table in enumerate(dataset.tables):
        path: Path = ("tables", number, "name")
        found = next((name for name in _relations(table) if name in taken), None)
        if table.name in tables:
            yield path, f"the raw table {table.name} is {tables[table.name]}'s already"
        elif found:
            yield path, f"{table.name} needs the name {found}, which {taken[found]} has taken"
        tables[table.name] = dataset.name
        taken |= dict.fromkeys(_relations(table), dataset.name)


def _of_words(said: Any, path: Path) -> Iterator[Problem]:
    """Look for what dbt would take for a template of its own; it reads the descriptions too."""
    if isinstance(said, Mapping):
        for name, part in said.items():
            yield from _of_words(part, (*path, name))
    elif isinstance(said, list):
        for number, part in enumerate(said):
            yield from _of_words(part, (*path, number))
    elif isinstance(said, str) and path[-1] != "pattern" and _TEMPLATE.search(said):
        yield path, "two braces, or one and a % or #, cannot stand in a text: dbt would run them"


def _relations(table: Table) -> tuple[str, ...]:
    """Return the names that a raw table and its indexes take in their schema."""
    return table.name, f"{table.name}_version", f"{table.name}_batch"


def _same_place(one: DatabasePlace | FilePlace, other: DatabasePlace | FilePlace) -> bool:
    if isinstance(one, FilePlace) and isinstance(other, FilePlace):
        a_day = "20260101"
        return one.folder == other.folder and bool(
            one.pattern.fullmatch(other.file.replace(DAY, a_day))
            or other.pattern.fullmatch(one.file.replace(DAY, a_day))
        )
    return str(one) == str(other) and type(one) is type(other)


def _of_database(place: DatabasePlace, table: Table) -> Iterator[Problem]:
    if len(table.key) != 1:
        yield ("tables", 0, "key"), "a database table needs a key of one column"
    if place.cursor not in table.names or table.column(place.cursor).type != "timestamptz":
        yield ("cursor",), f"{place.cursor} is no timestamptz column"
    elif not table.column(place.cursor).required:
        yield ("cursor",), f"a row without {place.cursor} would never be read: it must be required"
    if not _is_time_zone(place.time_zone):
        yield ("place", "time_zone"), f"there is no time zone {place.time_zone}"
    if place.door and place.door.column not in table.names:
        yield ("place", "door"), f"there is no column {place.door.column}"
    elif place.door and table.column(place.door.column).type != "text":
        yield ("place", "door"), f"a marking is a text, and {place.door.column} is not"
    for name in sorted(set(place.never_extracted) & set(table.names)):
        yield ("tables", 0, "columns", name), f"{name} is never extracted"


def _of_files(place: FilePlace) -> Iterator[Problem]:
    if place.file.count(DAY) > 1:
        yield ("place", "file"), f"{DAY} may occur only once"
    if place.format == "xlsx" and not place.file.endswith((".xlsx", ".xlsm")):
        yield ("place", "file"), "a workbook's name ends with .xlsx or .xlsm"
    if place.file.startswith(".") or place.file.endswith((".part", ".tmp")):
        yield ("place", "file"), "files of such names are not looked at: they are not finished"


def _of_table(dataset: Dataset, table: Table, path: Path) -> Iterator[Problem]:
    is_workbook = isinstance(dataset.place, FilePlace) and dataset.place.format == "xlsx"
    if is_workbook != (table.sheet is not None):
        yield path, "a sheet is named for the tables of a workbook, and only for them"
    if len(dataset.tables) > 1 and not is_workbook:
        yield path, "only a workbook holds more than one table"
    if any(t is not table and t.sheet and t.sheet == table.sheet for t in dataset.tables):
        yield (*path, "sheet"), f"two tables are on the sheet {table.sheet}"
    for column in table.columns:
        if not dataset.is_wall_clock(column):
            continue
        where = (*path, "columns", column.name)
        for name in (f"{column.name}_text", f"{column.name}_is_ambiguous"):
            if len(name) > LONGEST_NAME:
                yield where, f"landing adds {name}, longer than the {LONGEST_NAME} signs of a name"
            if name in table.names:
                yield where, f"landing adds {name}, which is declared too"


def _of_key(
    dataset: Dataset, table: Table, said: Mapping[str, Any], path: Path
) -> Iterator[Problem]:
    for name in table.key:
        if name not in table.names:
            yield (*path, "key"), f"the key's column {name} is not declared"
            continue
        where = (*path, "columns", name)
        column = table.column(name)
        if not column.required and dataset.kind == "database":
            yield where, f"{name} is the key, so it must be required"
        elif "required" not in said[name]:
            yield (
                where,
                (
                    f"{name} is part of the key: say `required: true`, "
                    "or `required: false` if a record may come without it"
                ),
            )
        if column.when_unreadable == "blank":
            yield where, f"{name} is part of the key, so it cannot be left blank"


def _of_column(dataset: Dataset, table: Table, column: Column, path: Path) -> Iterator[Problem]:
    name = column.name
    if name in PROVENANCE:
        yield path, f"{name} is a column that landing adds itself"
    if name in (*_OF_LANDING, *_OF_POSTGRESQL):
        yield path, f"no column can be called {name}: the name is needed for another"
    if column.type != "text" and (
        column.codes or column.pattern or column.digits or column.verbatim or column.identifies
    ):
        yield path, f"{name} has rules for text but is {column.type}"
    if column.pattern is not None and (reason := why_not(column.pattern)):
        yield (*path, "pattern"), f"the pattern of {name} is none: {reason}"
    if not column.verbatim and any(code != code.strip() or not code for code in column.codes):
        yield (*path, "codes"), f"a code of {name} has blanks around it, which landing takes off"
    yield from _of_reading(dataset.kind == "database", column, path)
    yield from _of_required_when(table, column, path)
    if column.refers_to is not None:
        yield from _of_reference(dataset, column, (*path, "refers_to"))


def _of_reading(is_typed: bool, column: Column, path: Path) -> Iterator[Problem]:
    """List rules about reading a value that nothing would come of."""
    name = column.name
    if is_typed and column.digits is not None:
        yield (*path, "digits"), f"{name} is from a database, which loses no zeros: say a pattern"
    if is_typed and column.when_unreadable == "blank":
        yield (*path, "when_unreadable"), f"{name} is from a database, where all can be read"
    if column.required and column.when_unreadable == "blank":
        yield (*path, "when_unreadable"), f"{name} is required, so it cannot be left blank"
    if column.required and column.required_when:
        yield (*path, "required_when"), f"{name} is required in every row already"


def _of_required_when(table: Table, column: Column, path: Path) -> Iterator[Problem]:
    for other, values in column.required_when:
        where = (*path, "required_when", other)
        if other not in table.names:
            yield where, f"required_when names {other}, which is not declared"
            continue
        if table.column(other).type != "text" or other == column.name:
            yield where, f"required_when goes by another column that is a text, not by {other}"
        codes = table.column(other).codes
        strangers = [value for value in values if codes and value not in codes]
        if strangers:
            yield where, f"{', '.join(strangers)} is no code of {other}"


def _of_reference(dataset: Dataset, column: Column, path: Path) -> Iterator[Problem]:
    table_name, _, other = str(column.refers_to).partition(".")
    table = next((table for table in dataset.tables if table.name == table_name), None)
    if table is None or other not in table.names:
        yield path, f"{column.name} refers to {column.refers_to}, which is not declared here"
    elif table.column(other).type != column.type:
        yield path, f"{column.name} is {column.type} but {column.refers_to} is not"


def _of_retention(dataset: Dataset) -> Iterator[Problem]:
    name = dataset.retention.counts_from
    if name is None:
        return
    kinds = {c.type for table in dataset.tables for c in table.columns if c.name == name}
    if not kinds:
        yield ("retention", "counts_from"), f"there is no column {name}"
    elif kinds - {"date", "timestamptz"}:
        yield ("retention", "counts_from"), f"{name} is no date and no timestamptz column"


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

"""Find contradictions inside a declaration, and conflicts between declarations.

The JSON Schema of declarations cannot express the rules that are checked here. Each problem is a
message with the path to its place in the declaration. The caller finds the line of this place.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oic_assurance.sources.declarations.model import (
    DAY,
    FORCE,
    NO_VALUE,
    PROVENANCE,
    Column,
    DatabasePlace,
    Dataset,
    FilePlace,
    Table,
    Tolerance,
)
from oic_assurance.sources.declarations.mopi import GROUPS
from oic_assurance.sources.declarations.patterns import pattern_problem
from oic_assurance.sources.declarations.protected import privacy_problems
from oic_assurance.sources.declarations.yaml_lines import Path

Problem = tuple[Path, str]

#: The longest name. PostgreSQL cuts longer names, so two different names could become the same.
LONGEST_NAME = 63
#: Columns that landing adds to its staging tables.
_LANDING_COLUMNS = ("fault", "cells", "reasons", "repeats")
#: System columns that every PostgreSQL table has.
_SYSTEM_COLUMNS = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
#: The start of a Jinja expression, statement or comment.
_TEMPLATE = re.compile(r"\{[{%#]")


def contradictions(dataset: Dataset, content: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Yield the contradictions inside one declaration.

    `content` is the YAML from which `dataset` was read. `file` is the name of the YAML file.
    """
    expected = dataset.name.replace("/", "_") + ".yml"
    if file != expected:
        yield ("dataset",), f"the file of {dataset.name} must be called {expected}"
    yield from _check_texts(content, ())
    if isinstance(dataset.place, DatabasePlace):
        yield from _check_database(dataset.place, dataset.tables[0])
    else:
        yield from _check_files(dataset.place)
        yield from _check_manifest(dataset, dataset.place, dataset.tables[0])
    for number, table in enumerate(dataset.tables):
        for name in sorted(set(dataset.place.never_extracted) & set(table.names)):
            yield ("tables", number, "columns", name), f"{name} is listed in never_extracted"
    yield from _check_retention(dataset)
    yield from privacy_problems(dataset)
    for number, table in enumerate(dataset.tables):
        path: Path = ("tables", number)
        yield from _check_table(dataset, table, path)
        yield from _check_key(dataset, table, content["tables"][number]["columns"], path)
        for column in table.columns:
            yield from _check_column(dataset, table, column, (*path, "columns", column.name))


def conflicts(dataset: Dataset, others: Sequence[Dataset]) -> Iterator[Problem]:
    """Yield the conflicts of a dataset with other datasets.

    Two datasets must not have the same name, read the same place, or need the same name for a raw
    table or its index.
    """
    for other in others:
        if dataset.name == other.name:
            yield ("dataset",), f"{dataset.name} is already declared: choose another name"
        if _same_place(dataset.place, other.place):
            yield ("place",), f"{other.name} already reads this table or these files"
    tables = {table.name: other.name for other in others for table in other.tables}
    taken = {name: other.name for other in others for t in other.tables for name in _relations(t)}
    for number, table in enumerate(dataset.tables):
        path: Path = ("tables", number, "name")
        found = next((name for name in _relations(table) if name in taken), None)
        if table.name in tables:
            yield path, f"{tables[table.name]} already has a raw table called {table.name}"
        elif found:
            yield path, f"{table.name} needs the name {found}, which {taken[found]} already uses"
        tables[table.name] = dataset.name
        taken |= dict.fromkeys(_relations(table), dataset.name)


def _check_texts(content: Any, path: Path) -> Iterator[Problem]:
    """Find strings that dbt would run as Jinja templates.

    dbt reads strings from the declarations, because descriptions become part of the dbt project.
    """
    if isinstance(content, Mapping):
        for name, part in content.items():
            yield from _check_texts(part, (*path, name))
    elif isinstance(content, list):
        for number, part in enumerate(content):
            yield from _check_texts(part, (*path, number))
    elif isinstance(content, str) and path[-1] != "pattern" and _TEMPLATE.search(content):
        yield path, "a text must not contain {{, {% or {#: dbt would run it as a template"


def _relations(table: Table) -> tuple[str, ...]:
    """Return the names of a raw table and of its indexes."""
    return table.name, f"{table.name}_version", f"{table.name}_batch"


def _same_place(one: DatabasePlace | FilePlace, other: DatabasePlace | FilePlace) -> bool:
    if isinstance(one, FilePlace) and isinstance(other, FilePlace):
        return one.folder == other.folder and bool(
            one.pattern.fullmatch(_example(other)) or other.pattern.fullmatch(_example(one))
        )
    return str(one) == str(other) and type(one) is type(other)


def _example(place: FilePlace) -> str:
    """Return the name of a file as the place declares it, for some day and force."""
    name = place.file.replace(DAY, "20260101")
    return name.replace(FORCE, "E23000022") if place.manifest else name


def _check_database(place: DatabasePlace, table: Table) -> Iterator[Problem]:
    if len(table.key) != 1:
        yield ("tables", 0, "key"), "a database table needs a key of one column"
    if place.cursor not in table.names or table.column(place.cursor).type != "timestamptz":
        yield ("cursor",), f"{place.cursor} is not a timestamptz column"
    elif not table.column(place.cursor).required:
        yield ("cursor",), f"a row without {place.cursor} would never be read: make it required"
    if not _is_time_zone(place.time_zone):
        yield ("place", "time_zone"), f"{place.time_zone} is not a time zone"
    marking = place.marking
    if marking and marking.column not in table.names:
        yield ("place", "door"), f"there is no column {marking.column}"
    elif marking and table.column(marking.column).type != "text":
        yield ("place", "door"), f"a marking must be a text column, and {marking.column} is not"
    if marking and marking.reference and marking.reference not in table.names:
        yield ("place", "door"), f"there is no column {marking.reference}"


def _check_files(place: FilePlace) -> Iterator[Problem]:
    if place.file.count(DAY) > 1:
        yield ("place", "file"), f"{DAY} may occur only once"
    if place.format == "xlsx" and not place.file.endswith((".xlsx", ".xlsm")):
        yield ("place", "file"), "the name of a workbook must end with .xlsx or .xlsm"
    if place.file.startswith(".") or place.file.endswith((".part", ".tmp")):
        yield ("place", "file"), "files with such names count as unfinished and are never read"


def _check_manifest(dataset: Dataset, place: FilePlace, table: Table) -> Iterator[Problem]:
    """Find contradictions in a dataset whose files are listed in manifests."""
    if place.manifest is None:
        return
    path: Path = ("place", "manifest")
    if place.format != "csv" or place.file.count(DAY) != 1 or place.file.count(FORCE) != 1:
        yield (
            path,
            f"files with a manifest are CSV files with {FORCE} and {DAY} once in their names",
        )
    if dataset.delivery != "full" or dataset.tolerance != Tolerance(0, 1):
        yield path, "an export is whole: delivery must be full, and no row may be rejected"
    column = place.manifest.force_column
    if column not in table.names:
        yield path, f"there is no column {column}"
    elif not table.column(column).required or table.column(column).type != "text":
        yield path, f"{column} names the force of a row: make it a required text"
    elif column not in table.key:
        yield path, f"{column} must be part of the key: an export replaces the rows of one force"


def _check_table(dataset: Dataset, table: Table, path: Path) -> Iterator[Problem]:
    if dataset.is_workbook != (table.sheet is not None):
        yield path, "a table of a workbook needs a sheet, and other tables must not have one"
    if len(dataset.tables) > 1 and not dataset.is_workbook:
        yield path, "only a workbook can hold more than one table"
    if any(t is not table and t.sheet and t.sheet == table.sheet for t in dataset.tables):
        yield (*path, "sheet"), f"two tables are on the sheet {table.sheet}"
    for column in table.columns:
        if not dataset.is_wall_clock(column):
            continue
        where = (*path, "columns", column.name)
        for name in (f"{column.name}_text", f"{column.name}_is_ambiguous"):
            if len(name) > LONGEST_NAME:
                yield where, f"landing adds {name}, which is longer than {LONGEST_NAME} characters"
            if name in table.names:
                yield where, f"landing adds {name}, so it must not be declared"


def _check_key(
    dataset: Dataset, table: Table, columns: Mapping[str, Any], path: Path
) -> Iterator[Problem]:
    for name in table.key:
        if name not in table.names:
            yield (*path, "key"), f"the key column {name} is not declared"
            continue
        where = (*path, "columns", name)
        column = table.column(name)
        if not column.required and dataset.kind == "database":
            yield where, f"{name} is the key, so it must be required"
        elif "required" not in columns[name]:
            yield (
                where,
                f"{name} is part of the key: write `required: true`, or `required: false` if it may"
                " be blank",
            )
        if column.when_unreadable == "blank":
            yield where, f"{name} is part of the key, so `when_unreadable: blank` is not allowed"


def _check_column(dataset: Dataset, table: Table, column: Column, path: Path) -> Iterator[Problem]:
    name = column.name
    if name in PROVENANCE:
        yield path, f"landing adds the column {name} itself: choose another name"
    if name in (*_LANDING_COLUMNS, *_SYSTEM_COLUMNS):
        yield path, f"{name} is a reserved column name: choose another name"
    if column.type != "text" and (
        column.codes
        or column.pattern
        or column.digits
        or column.verbatim
        or column.identifies
        or column.reference
        or column.screened
    ):
        yield path, f"{name} has rules for text, but its type is {column.type}"
    yield from _check_presence(table, column, path)
    yield from _check_screened(dataset, table, column, path)
    yield from _check_otherwise(dataset, table, column, path)
    if column.pattern is not None and (reason := pattern_problem(column.pattern)):
        yield (*path, "pattern"), f"the pattern of {name} is not valid: {reason}"
    if not column.verbatim and any(code != code.strip() or not code for code in column.codes):
        yield (
            (*path, "codes"),
            f"a code of {name} has blanks around it: remove them",
        )
    if column.category and column.identifies:
        yield (*path, "category"), f"{name} identifies somebody, so its values are no category"
    unknown = set(column.provisional) - {NO_VALUE, *column.codes}
    if unknown and (column.codes or not column.is_category):
        yield (*path, "provisional"), f"{', '.join(sorted(unknown))} is not a code of {name}"
    yield from _check_reading(dataset.kind == "database", column, path)
    yield from _check_required_when(table, column, path)
    if column.refers_to is not None:
        yield from _check_reference(dataset, column, (*path, "refers_to"))


def _check_presence(table: Table, column: Column, path: Path) -> Iterator[Problem]:
    """Find contradictions in a column that is declared with `presence`."""
    if not column.presence:
        return
    name = column.name
    if column.type != "boolean":
        yield path, f"only the presence of {name} is landed, so its type must be boolean"
    if column.required or column.required_when or name in table.key:
        yield path, f"{name} is always true or false, so it cannot be required or in the key"


def _check_screened(
    dataset: Dataset, table: Table, column: Column, path: Path
) -> Iterator[Problem]:
    """Find contradictions in a column of free text that is screened for persons."""
    if not column.screened:
        return
    name = column.name
    if dataset.kind == "database":
        yield (*path, "screened"), f"{name} is from a database: free text is screened in files only"
    if name in table.key and not column.is_replaced:
        yield (
            (*path, "screened"),
            f"{name} is in the key, which quarantine shows: make it a reference, or replace it",
        )


def _check_otherwise(
    dataset: Dataset, table: Table, column: Column, path: Path
) -> Iterator[Problem]:
    """Find contradictions in a column with a replacement for a text that breaks its rules."""
    if not column.is_replaced:
        return
    name, other = column.name, column.otherwise_from
    if column.otherwise is not None and other is not None:
        yield path, f"{name} has both `otherwise` and `otherwise_from`: keep one"
    if dataset.kind == "database":
        yield path, f"{name} is from a database: a text is replaced in files only"
    if not (column.codes or column.pattern or column.screened):
        yield path, f"{name} has no rule that a text could break: add codes, pattern or screened"
    if column.digits is not None or column.reference or column.identifies:
        yield path, f"{name} is a number or a reference, which nothing can stand for"
    if other is not None and (
        other not in table.names or other == name or table.column(other).type != "text"
    ):
        yield (*path, "otherwise_from"), f"{other} is no other text column of the table"


def _check_reading(is_typed: bool, column: Column, path: Path) -> Iterator[Problem]:
    """Find rules for reading values that can never apply to their column."""
    name = column.name
    if is_typed and column.digits is not None:
        yield (*path, "digits"), f"{name} is from a database, which keeps its zeros: use a pattern"
    if is_typed and column.when_unreadable == "blank":
        yield (*path, "when_unreadable"), f"{name} is from a database: every value can be read"
    if column.required and column.when_unreadable == "blank":
        yield (*path, "when_unreadable"), f"{name} is required, so `blank` is not allowed"
    if column.required and column.required_when:
        yield (*path, "required_when"), f"{name} is already required in every row"


def _check_required_when(table: Table, column: Column, path: Path) -> Iterator[Problem]:
    for other, values in column.required_when:
        where = (*path, "required_when", other)
        if other not in table.names:
            yield where, f"required_when names {other}, which is not declared"
            continue
        if table.column(other).type != "text" or other == column.name:
            yield where, f"required_when needs another column of type text, not {other}"
        codes = table.column(other).codes
        unknown = [value for value in values if codes and value not in codes]
        if unknown:
            yield where, f"{', '.join(unknown)} is not a code of {other}"


def _check_reference(dataset: Dataset, column: Column, path: Path) -> Iterator[Problem]:
    table_name, _, other = str(column.refers_to).partition(".")
    table = next((table for table in dataset.tables if table.name == table_name), None)
    if table is None or other not in table.names:
        yield path, f"{column.name} refers to {column.refers_to}, which this file does not declare"
    elif table.column(other).type != column.type:
        yield path, f"{column.name} is {column.type} but {column.refers_to} is not"


def _check_retention(dataset: Dataset) -> Iterator[Problem]:
    group = dataset.retention.mopi_group
    if group is not None and dataset.retention.years < GROUPS[group].first_review:
        years = GROUPS[group].first_review
        yield ("retention", "years"), f"MoPI group {group} is kept for at least {years} years"
    name = dataset.retention.counts_from
    if name is None:
        return
    kinds = {c.type for table in dataset.tables for c in table.columns if c.name == name}
    if not kinds:
        yield ("retention", "counts_from"), f"there is no column {name}"
    elif kinds - {"date", "timestamptz"}:
        yield ("retention", "counts_from"), f"{name} is not a date or timestamptz column"


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

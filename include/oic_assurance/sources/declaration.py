"""Declarations: one small YAML file a dataset, checked, with errors that name the line.

Everything else follows from them: what is extracted, the raw tables, the checks of each row.
"""

import functools
import hashlib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from oic_assurance.errors import UsageError
from oic_assurance.sources.model import (
    PROVENANCE,
    Column,
    DatabasePlace,
    Dataset,
    Door,
    FilePlace,
    Retention,
    Table,
    Tolerance,
)

SCHEMA_FILE = "_schema.yml"
DAY = "YYYYMMDD"


class DeclarationError(UsageError):
    """A declaration does not say what it must; the message names file and line."""


@functools.cache
def datasets() -> dict[str, Dataset]:
    """Return all declared datasets by name, in alphabetical order."""
    folder = resources.files("oic_assurance.sources").joinpath("declarations")
    return load_folder(folder)


def load_folder(folder: Traversable) -> dict[str, Dataset]:
    """Read and check the declarations of a folder."""
    found: dict[str, Dataset] = {}
    owners: dict[str, str] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".yml") or entry.name == SCHEMA_FILE:
            continue
        dataset = parse(entry.read_text(encoding="utf-8"), entry.name)
        for table in dataset.tables:
            if table.name in owners:
                raise DeclarationError(
                    f"{entry.name}: the raw table {table.name} is {owners[table.name]}'s already."
                )
            owners[table.name] = dataset.name
        found[dataset.name] = dataset
    return dict(sorted(found.items()))


def dataset(name: str) -> Dataset:
    """Return the dataset called `name`."""
    known = datasets()
    if name not in known:
        raise UsageError(f"There is no dataset '{name}': choose one of {', '.join(known)}.")
    return known[name]


def parse(text: str, file: str) -> Dataset:
    """Read one declaration; `file` is its file's name, which errors quote."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        said = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DeclarationError(f"{file}, line {line}: not YAML: {error.problem}.") from error
    mistake = best_match(_validator().iter_errors(said))
    if mistake is not None:
        raise DeclarationError(f"{file}, line {_line(node, mistake)}: {_words(mistake)}.")
    declared = _dataset(said, hashlib.sha256(text.encode("utf-8")).hexdigest())
    for path, problem in _contradictions(declared, file):
        raise DeclarationError(f"{file}, line {_line_of_path(node, path)}: {problem}.")
    return declared


@functools.cache
def _validator() -> Draft202012Validator:
    folder = resources.files("oic_assurance.sources").joinpath("declarations")
    schema = yaml.safe_load(folder.joinpath(SCHEMA_FILE).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _dataset(said: dict[str, Any], fingerprint: str) -> Dataset:
    return Dataset(
        name=said["dataset"],
        description=said["description"],
        place=_database(said) if said["kind"] == "database" else FilePlace(**said["place"]),
        delivery=said["delivery"],
        classification=said["classification"],
        owner=said["owner"],
        retention=Retention(**said["retention"]),
        tables=tuple(_table(table) for table in said["tables"]),
        fingerprint=fingerprint,
        tolerance=Tolerance(**said.get("tolerance", {})),
    )


def _database(said: dict[str, Any]) -> DatabasePlace:
    place = said["place"]
    door = place.get("door")
    return DatabasePlace(
        system=place["system"],
        schema=place["schema"],
        table=place["table"],
        cursor=said["cursor"],
        never_extracted=tuple(place.get("never_extracted", ())),
        door=Door(door["column"], tuple(door["admits"])) if door else None,
        time_zone=place.get("time_zone", "UTC"),
    )


def _table(said: dict[str, Any]) -> Table:
    return Table(
        name=said["name"],
        description=said["description"],
        key=tuple(said["key"]),
        columns=tuple(_column(name, rules) for name, rules in said["columns"].items()),
        sheet=said.get("sheet"),
        may_start_empty=said.get("may_start_empty", False),
    )


def _column(name: str, rules: dict[str, Any]) -> Column:
    when = rules.get("required_when", {})
    return Column(
        name=name,
        **{
            **rules,
            "codes": tuple(rules.get("codes", ())),
            "required_when": tuple((other, tuple(values)) for other, values in when.items()),
        },
    )


Problem = tuple[tuple[str | int, ...], str]


def _contradictions(declared: Dataset, file: str) -> list[Problem]:
    """List what the schema cannot see: parts of a declaration that do not fit together."""
    problems: list[Problem] = []
    expected = declared.name.replace("/", "_") + ".yml"
    if file != expected:
        problems.append((("dataset",), f"the file of {declared.name} must be called {expected}"))
    for number, table in enumerate(declared.tables):
        problems += _table_contradictions(declared, table, ("tables", number))
    problems += _retention_contradictions(declared)
    place, first = declared.place, declared.tables[0]
    if isinstance(place, DatabasePlace):
        if len(first.key) != 1:
            problems.append((("tables", 0, "key"), "a database table needs a key of one column"))
        if place.cursor not in first.names or first.column(place.cursor).type != "timestamptz":
            problems.append((("cursor",), f"{place.cursor} is no timestamptz column"))
        if place.door and place.door.column not in first.names:
            problems.append((("place", "door"), f"there is no column {place.door.column}"))
        if not _is_time_zone(place.time_zone):
            problems.append((("place", "time_zone"), f"there is no time zone {place.time_zone}"))
        for name in set(place.never_extracted) & set(first.names):
            problems.append((("tables", 0, "columns", name), f"{name} is never extracted"))
    elif place.file.count(DAY) > 1:
        problems.append((("place", "file"), f"{DAY} may occur only once"))
    return problems


def _retention_contradictions(declared: Dataset) -> list[Problem]:
    name = declared.retention.counts_from
    if name is None:
        return []
    where = ("retention", "counts_from")
    kinds = {
        column.type for table in declared.tables for column in table.columns if column.name == name
    }
    if not kinds:
        return [(where, f"there is no column {name}")]
    if kinds - {"date", "timestamptz"}:
        return [(where, f"{name} is no date and no timestamptz column")]
    return []


def _table_contradictions(
    declared: Dataset, table: Table, path: tuple[str | int, ...]
) -> list[Problem]:
    problems: list[Problem] = []
    is_workbook = isinstance(declared.place, FilePlace) and declared.place.format == "xlsx"
    if is_workbook != (table.sheet is not None):
        problems.append((path, "a sheet is named for the tables of a workbook, and only for them"))
    if len(declared.tables) > 1 and not is_workbook:
        problems.append((path, "only a workbook holds more than one table"))
    for name in table.key:
        if name not in table.names:
            problems.append(((*path, "key"), f"the key's column {name} is not declared"))
    for column in table.columns:
        where = (*path, "columns", column.name)
        if column.name in PROVENANCE:
            problems.append((where, f"{column.name} is a column that landing adds itself"))
        if column.type != "text" and (
            column.codes or column.pattern or column.digits or column.verbatim or column.identifies
        ):
            problems.append((where, f"{column.name} has rules for text but is {column.type}"))
        for other, _ in column.required_when:
            if other not in table.names:
                problems.append((where, f"required_when names {other}, which is not declared"))
    return problems


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _line(node: yaml.Node | None, error: ValidationError) -> int:
    return _line_of_path(node, tuple(error.absolute_path))


def _line_of_path(node: yaml.Node | None, path: tuple[str | int, ...]) -> int:
    """Follow a path into the YAML as far as it leads and return the line it ends on."""
    line = node.start_mark.line + 1 if node else 1
    for step in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = (node.value[step], node.value[step])
        if found is None:
            return line
        node = found[1]
        line = int(found[0].start_mark.line) + 1
    return line


def _words(error: ValidationError) -> str:
    where = ".".join(str(step) for step in error.absolute_path) or "the declaration"
    return f"{where}: {error.message}"

"""Declarations: one small YAML file a dataset, checked, with errors that name the line.

Everything else follows from them: what is extracted, the raw tables, the checks of each row, what
the gate expects, dbt's sources and the pages that describe them. A deployment can keep declarations
of its own in a folder beside the project's: `ASSURANCE_DECLARATIONS`.
"""

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from oic_assurance.errors import UsageError
from oic_assurance.settings import declarations_folder
from oic_assurance.sources.declarations import yaml_lines
from oic_assurance.sources.declarations.consistency import disagreements, disputes
from oic_assurance.sources.declarations.model import (
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


class DeclarationError(UsageError):
    """A declaration does not say what it must; the message names file and line."""


@dataclass(frozen=True)
class Declaration:
    """A dataset as its file declares it, and where in the file each part of that stands."""

    dataset: Dataset
    file: str
    text: yaml_lines.LinedYaml

    def error(self, path: yaml_lines.Path, words: str) -> DeclarationError:
        """Return an error about the part of the file that a path leads to."""
        return DeclarationError(f"{self.file}, line {self.text.line(path)}: {words}.")


def datasets() -> dict[str, Dataset]:
    """Return all declared datasets by name, in alphabetical order."""
    return _declared(declarations_folder())


def dataset(name: str) -> Dataset:
    """Return the dataset called `name`."""
    known = datasets()
    if name not in known:
        raise UsageError(f"There is no dataset '{name}': choose one of {', '.join(known)}.")
    return known[name]


@functools.cache
def _declared(own: Path | None) -> dict[str, Dataset]:
    """Read the project's declarations and a deployment's own; once a process."""
    built_in = resources.files("oic_assurance.sources").joinpath("declarations")
    return load_folders(built_in, *([own] if own else []))


def load_folders(*folders: Traversable) -> dict[str, Dataset]:
    """Read and check the declarations of folders, alone and against each other."""
    found: list[Declaration] = []
    for folder in folders:
        for file, text in _files(folder):
            declaration = read_declaration(text, file)
            for path, words in disputes(declaration.dataset, [one.dataset for one in found]):
                raise declaration.error(path, words)
            found.append(declaration)
    return {one.dataset.name: one.dataset for one in sorted(found, key=lambda d: d.dataset.name)}


def _files(folder: Traversable) -> Iterator[tuple[str, str]]:
    """Give name and text of each declaration in a folder, in the order of their names."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith((".yml", ".yaml")) or entry.name == SCHEMA_FILE:
            continue
        file = str(entry) if isinstance(entry, Path) and entry.parent == folder else entry.name
        try:
            yield file, entry.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise DeclarationError(f"{file} cannot be read: {reason}.") from error


def parse(text: str, file: str) -> Dataset:
    """Return the dataset that a text declares; `file` is its file, which errors quote."""
    return read_declaration(text, file).dataset


def read_declaration(text: str, file: str) -> Declaration:
    """Read one declaration and check all that can be checked without the others."""
    try:
        lined = yaml_lines.read(text)
    except yaml_lines.YamlMistake as mistake:
        raise DeclarationError(f"{file}, line {mistake.line}: {mistake.words}.") from mistake
    error = best_match(_validator().iter_errors(lined.said))
    if error is not None:
        path, words = _explained(error)
        raise DeclarationError(f"{file}, line {lined.line(path)}: {words}.")
    fingerprint = hashlib.sha256(text.encode("utf-8")).hexdigest()
    declaration = Declaration(_dataset(lined.said, fingerprint), file, lined)
    for path, words in disagreements(declaration.dataset, lined.said, Path(file).name):
        raise declaration.error(path, words)
    return declaration


@functools.cache
def _validator() -> Draft202012Validator:
    folder = resources.files("oic_assurance.sources").joinpath("declarations")
    schema = yaml.safe_load(folder.joinpath(SCHEMA_FILE).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _explained(error: ValidationError) -> tuple[yaml_lines.Path, str]:
    """Return where a mistake stands and what it is, in the words of somebody who has to mend it."""
    path = tuple(error.absolute_path)
    where = ".".join(str(step) for step in path) or "the declaration"
    words = error.message
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        stranger = next(name for name in error.instance if name not in known)
        path = (*path, stranger)
        words = f"'{stranger}' was unexpected: choose of {', '.join(known)}"
    elif error.validator == "pattern" and "description" in error.schema:
        words = f"{words}: {error.schema['description']}".rstrip(".")
    elif error.validator == "type" and error.validator_value == "string":
        words = f"{error.instance!r} is no text: quote it"
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, error.instance)
    return path, f"{where}: {words}"


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

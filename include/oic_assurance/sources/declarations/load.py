"""Load declarations. Each dataset has one YAML file. Error messages name the file and the line.

Many parts of the project follow from the declarations:

- what is extracted from each source
- the raw tables and the checks of each delivered row
- the expectations that follow from columns
- the sources of the dbt project
- the pages about the datasets

A deployment can add a folder of its own declarations with `ASSURANCE_DECLARATIONS`.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.settings import (
    FORCE_FILE,
    Kind,
    allowed_words_file,
    declarations_folder,
    deployment_kind,
    force_folder,
)
from oic_assurance.sources.declarations import checked_yaml, yaml_lines
from oic_assurance.sources.declarations.consistency import conflicts, contradictions
from oic_assurance.sources.declarations.model import (
    Column,
    DatabasePlace,
    Dataset,
    FilePlace,
    ManifestRule,
    MarkingRule,
    Retention,
    Table,
    Tolerance,
)
from oic_assurance.sources.screening import screening_words

SCHEMA_FILE = "_schema.yml"


class DeclarationError(UsageError):
    """A declaration is not valid. The message names its file and line."""


@dataclass(frozen=True)
class Declaration:
    """A dataset, the file that declares it, and the line of each part of the file."""

    dataset: Dataset
    file: str
    text: yaml_lines.LinedYaml

    def error(self, path: yaml_lines.Path, message: str) -> DeclarationError:
        """Return an error that names the line of the part at `path`."""
        return DeclarationError(f"{self.file}, line {self.text.line(path)}: {message}.")


def datasets() -> dict[str, Dataset]:
    """Return all declared datasets by name, in alphabetical order.

    Raises:
        DeclarationError: A declaration is not valid.
        UsageError: `ASSURANCE_DECLARATIONS` is not a folder, or the file that
            `ASSURANCE_ALLOWED_WORDS` names cannot be read.
    """
    return _declared(deployment_kind(), declarations_folder(), allowed_words_file())


def delivered() -> dict[str, Dataset]:
    """Return the declared datasets that the force has, by name: those that it does not do without.

    The raw tables of the others exist, and stay empty.
    """
    without: list[str] = []
    if deployment_kind() == "force":
        text = (force_folder() / FORCE_FILE).read_text(encoding="utf-8")
        without = yaml_lines.load_yaml(text).get("without", [])
    return {name: one for name, one in datasets().items() if name not in without}


def datasets_of(kind: Kind) -> dict[str, Dataset]:
    """Return the datasets that the project declares for one kind of warehouse, by name.

    The declarations that a deployment adds are left out.
    """
    return _declared(kind, None, allowed_words_file())


def dataset(name: str) -> Dataset:
    """Return the dataset called `name`.

    Raises:
        UnknownNameError: There is no such dataset.
    """
    known = datasets()
    if name not in known:
        raise UnknownNameError("dataset", name, known)
    return known[name]


def dataset_of_any_kind(name: str) -> Dataset:
    """Return the dataset called `name`, also if the other kind of warehouse declares it.

    The pages of the project describe the suites of both kinds.

    Raises:
        UnknownNameError: There is no such dataset.
    """
    other: Kind = "force" if deployment_kind() == "national" else "national"
    return (datasets_of(other) | datasets()).get(name) or dataset(name)


@functools.cache
def _declared(kind: Kind, own: Path | None, _allowed_words: Path | None) -> dict[str, Dataset]:
    """Read the declarations of the project and of the deployment, once for each process.

    `_allowed_words` is the file of allowed words. If another file is set, the declarations are read
    again, because the words are part of the fingerprints of datasets with screened columns.
    """
    built_in = resources.files("oic_assurance.sources").joinpath("declarations")
    if kind == "national":
        built_in = built_in.joinpath("national")
    return load_folders(built_in, *([own] if own else []))


def load_folders(*folders: Traversable) -> dict[str, Dataset]:
    """Read and check the declarations in some folders. Return the declared datasets by name.

    Raises:
        DeclarationError: A declaration is not valid or conflicts with an earlier one.
    """
    found: list[Declaration] = []
    for folder in folders:
        for file, text in _files(folder):
            declaration = read_declaration(text, file)
            for path, message in conflicts(declaration.dataset, [one.dataset for one in found]):
                raise declaration.error(path, message)
            found.append(declaration)
    return {one.dataset.name: one.dataset for one in sorted(found, key=lambda d: d.dataset.name)}


def _files(folder: Traversable) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each declaration file in a folder, sorted by name."""
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
    """Return the dataset that a YAML string declares. Error messages name `file`.

    Raises:
        DeclarationError: The declaration is not valid.
    """
    return read_declaration(text, file).dataset


def read_declaration(text: str, file: str) -> Declaration:
    """Read one declaration, and check everything that does not depend on other declarations.

    Raises:
        DeclarationError: The declaration is not valid.
    """
    lined = checked_yaml.read(text, file, _validator(), "the declaration", DeclarationError)
    declaration = Declaration(_dataset(lined.content), file, lined)
    for path, message in contradictions(declaration.dataset, lined.content, Path(file).name):
        raise declaration.error(path, message)
    return declaration


@functools.cache
def _validator() -> Draft202012Validator:
    folder = resources.files("oic_assurance.sources").joinpath("declarations")
    return checked_yaml.validator(folder.joinpath(SCHEMA_FILE).read_text(encoding="utf-8"))


#: The parts of a declaration that do not change what is landed.
_WITHOUT_EFFECT_ON_ROWS = ("description", "category", "provisional")


def _fingerprint(content: dict[str, Any]) -> str:
    """Return the SHA-256 of the parts of a declaration that decide what is landed.

    If this hash changes, landing reads the dataset again from the start. The hash leaves out
    descriptions, so that landing does not do this when only a description has changed.
    """
    rules = [_rules(content)]
    if any(
        column.get("screened")
        for table in content["tables"]
        for column in table["columns"].values()
    ):
        # If the word lists change, landing can reject a row that it accepted before, or accept a
        # row that it rejected before.
        rules.append(screening_words().fingerprint)
    text = json.dumps(rules if len(rules) > 1 else rules[0], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _rules(part: Any) -> Any:
    """Return a part of a declaration without the settings that do not affect the landed rows."""
    if isinstance(part, dict):
        return {
            name: _rules(value)
            for name, value in part.items()
            if name not in _WITHOUT_EFFECT_ON_ROWS
        }
    if isinstance(part, list):
        return [_rules(value) for value in part]
    return part


def _dataset(content: dict[str, Any]) -> Dataset:
    is_database = content["kind"] == "database"
    return Dataset(
        name=content["dataset"],
        description=content["description"],
        place=_database(content) if is_database else _files_of(content["place"]),
        delivery=content["delivery"],
        classification=content["classification"],
        owner=content["owner"],
        retention=Retention(**content["retention"]),
        tables=tuple(_table(table) for table in content["tables"]),
        fingerprint=_fingerprint(content),
        tolerance=Tolerance(**content.get("tolerance", {})),
    )


def _files_of(place: dict[str, Any]) -> FilePlace:
    return FilePlace(
        folder=place["folder"],
        file=place["file"],
        format=place["format"],
        optional=place.get("optional", False),
        never_extracted=tuple(place.get("never_extracted", ())),
        manifest=ManifestRule(**place["manifest"]) if "manifest" in place else None,
    )


def _database(content: dict[str, Any]) -> DatabasePlace:
    place = content["place"]
    marking = place.get("door")
    return DatabasePlace(
        system=place["system"],
        schema=place["schema"],
        table=place["table"],
        cursor=content["cursor"],
        never_extracted=tuple(place.get("never_extracted", ())),
        marking=MarkingRule(marking["column"], tuple(marking["admits"]), marking.get("reference"))
        if marking
        else None,
        time_zone=place.get("time_zone", "UTC"),
    )


def _table(content: dict[str, Any]) -> Table:
    return Table(
        name=content["name"],
        description=content["description"],
        key=tuple(content["key"]),
        columns=tuple(_column(name, rules) for name, rules in content["columns"].items()),
        sheet=content.get("sheet"),
        may_start_empty=content.get("may_start_empty", False),
    )


def _column(name: str, rules: dict[str, Any]) -> Column:
    when = rules.get("required_when", {})
    return Column(
        name=name,
        **{
            **rules,
            "codes": tuple(rules.get("codes", ())),
            "provisional": tuple(rules.get("provisional", ())),
            "required_when": tuple((other, tuple(values)) for other, values in when.items()),
        },
    )

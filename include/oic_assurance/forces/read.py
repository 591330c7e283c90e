"""Read forces.yml, and check it. Errors name the file and the line."""

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from oic_assurance.forces.declared import (
    SECRET,
    Force,
    Forces,
    ForcesError,
    one_spelling,
    own_variable,
)
from oic_assurance.settings import (
    ACCOUNTABLE_BODY,
    ENGLAND_AND_WALES,
    FORCE_AREA,
    FORCE_NAME,
    force_areas,
)
from oic_assurance.sources.declarations import checked_yaml, yaml_lines
from oic_assurance.sources.declarations.load import datasets_of
from oic_assurance.warehouse.airflow_uri import OF_THE_DEPLOYMENT
from oic_assurance.warehouse.connections import connection_name
from oic_assurance.warehouse.roles import LOGIN_ROLES

#: What forces.yml has a field for, so that it does not belong into `settings`.
_FIELDS = {
    "ASSURANCE_HOME": "home",
    "ASSURANCE_FORCE_CODE": "code",
    "ASSURANCE_KIND": "kind",
    "ASSURANCE_DROPZONE": "dropzone",
    "ASSURANCE_ARCHIVE_URL": "archive",
    "ASSURANCE_REPORTS_URL": "reports",
    "ASSURANCE_CONNECTIONS": "connections",
    FORCE_NAME: "name",
    ACCOUNTABLE_BODY: "accountable_body",
}
_PLACES = ("home", "dropzone", "archive", "reports")
#: Names of connections besides those of the source databases and of the warehouse's logins.
_CONNECTIONS = ("warehouse", "warehouse_admin", "backup", "worklist")


def read_file(path: Path) -> Forces:
    """Return the forces that a file declares.

    Raises:
        ForcesError: The file cannot be read, or is not valid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ForcesError(f"{path} cannot be read: {reason}.") from error
    return read_forces(text, path)


def read_forces(text: str, file: Path) -> Forces:
    """Return the forces that the text of forces.yml declares. Error messages name `file`.

    Raises:
        ForcesError: The text is not valid.
    """
    lined = checked_yaml.read(text, str(file), _schema(), "the file", ForcesError)
    content: dict[str, Any] = lined.content
    servers = {name: server["tasks_at_once"] for name, server in content.get("servers", {}).items()}
    forces: dict[str, Force] = {}
    for number, given in enumerate(content["forces"]):
        force = _placed(Force(**given), file.parent)
        mistake = next(_mistakes(force, forces.values(), servers), None)
        if mistake is not None:
            path, message = mistake
            line = lined.line(("forces", number, *path))
            raise ForcesError(f"{file}, line {line}: {message}.")
        forces[force.code] = force
    return Forces(file, forces, servers)


def _mistakes(
    force: Force, earlier: Iterable[Force], servers: Mapping[str, int]
) -> Iterator[tuple[yaml_lines.Path, str]]:
    """Yield the path to each mistake in a force's declaration, and a message."""
    if force.server and force.server not in servers:
        yield ("server",), f"'{force.server}' is not one of the servers of this file"
    if (force.kind == "national") != (force.code == ENGLAND_AND_WALES):
        yield ("code",), f"{ENGLAND_AND_WALES} is the code of the kind national, and of no force"
    elif force.kind == "force" and force.code not in force_areas():
        yield ("code",), f"'{force.code}' is not {FORCE_AREA}"
    for key in _PLACES:
        place = str(getattr(force, key))
        if place.startswith("~"):
            yield (key,), f"'{place}' is not a folder: this account has no such home"
    yield from _in_settings(force)
    yield from _in_connections(force)
    for other in earlier:
        yield from _in_common(force, other)


def _in_settings(force: Force) -> Iterator[tuple[yaml_lines.Path, str]]:
    for name in force.settings:
        if SECRET.search(name):
            own = own_variable(force.code, name)
            yield ("settings", name), f"a secret does not belong here: set {own}"
        elif name in _FIELDS:
            yield ("settings", name), f"write {name} as `{_FIELDS[name]}` of the force"


def _in_connections(force: Force) -> Iterator[tuple[yaml_lines.Path, str]]:
    for name in force.connections:
        if name in OF_THE_DEPLOYMENT:
            yield ("connections", name), f"all forces share the connection '{name}'"
        elif not _declares_more(force) and name not in _known_connections():
            message = f"'{name}' is unknown: choose one of {', '.join(_known_connections())}"
            yield ("connections", name), message


def _in_common(force: Force, other: Force) -> Iterator[tuple[yaml_lines.Path, str]]:
    """Yield what two forces must not have in common, because they would share their data."""
    if other.code == force.code:
        yield ("code",), f"the force {force.code} occurs twice"
    for key in _PLACES:
        place, theirs = (str(getattr(one, key)) for one in (force, other))
        if place and theirs and one_spelling(place) == one_spelling(theirs):
            yield (key,), f"the force {other.code} has the same {key}"
    for name, used in force.connections.items():
        if used in other.connections.values() or used.startswith(f"{other.code.lower()}_"):
            yield ("connections", name), f"the force {other.code} has '{used}' too"
    for used in other.connections.values():
        if used.startswith(f"{force.code.lower()}_"):
            yield ("code",), f"the force {other.code} uses its connection '{used}'"


def _placed(force: Force, folder: Path) -> Force:
    """Return the force with its folders as absolute paths. They are relative to forces.yml."""

    def placed(place: str) -> str:
        if not place or "://" in place:
            return place
        try:
            return str((folder / Path(place).expanduser()).resolve())
        except (RuntimeError, OSError):
            return place  # `_mistakes` names it.

    return replace(
        force,
        home=placed(force.home),
        dropzone=placed(force.dropzone),
        archive=placed(force.archive),
        reports=placed(force.reports),
    )


def _declares_more(force: Force) -> bool:
    """Tell whether the force has declarations of its own, which can name further databases."""
    variable = "ASSURANCE_DECLARATIONS"
    given = (variable, own_variable(force.code, variable))
    return variable in force.settings or any(os.environ.get(name, "").strip() for name in given)


@functools.cache
def _known_connections() -> list[str]:
    declared = datasets_of("force").values()
    systems = {one.database.system for one in declared if one.kind == "database"}
    logins = [connection_name(role) for role in LOGIN_ROLES]
    return sorted({*_CONNECTIONS, *systems, *logins})


@functools.cache
def _schema() -> Draft202012Validator:
    folder = resources.files("oic_assurance.forces")
    return checked_yaml.validator(folder.joinpath("_schema.yml").read_text(encoding="utf-8"))

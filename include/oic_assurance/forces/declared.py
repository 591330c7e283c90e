"""The forces of a deployment, which the file forces.yml declares: read it and check it.

A deployment with one force needs no such file: environment variables say everything. Each force has
databases, folders, secrets and readers of its own. What they share is the code, the scheduler and
the workers.
"""

import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.settings import (
    ACCOUNTABLE_BODY,
    ENGLAND_AND_WALES,
    FORCE_AREA,
    FORCE_FOLDER,
    FORCE_NAME,
    FORCES,
    Kind,
    force_areas,
    load_settings,
)
from oic_assurance.warehouse.airflow_uri import OF_THE_DEPLOYMENT

# What reads and checks YAML takes longer to import than most commands take, and most deployments
# have no forces.yml. So it is imported where it is used.
if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

    from oic_assurance.sources.declarations import yaml_lines

    #: The path to a mistake in the file, and what it is.
    Mistake = tuple[yaml_lines.Path, str]

FILE = "forces.yml"
#: Who is called if no owner is declared.
OWNER = "data-engineering"
#: The name of a variable that holds a password or a key.
SECRET = re.compile(r"_(PASSWORD|SECRET|KEY|TOKEN)(_[0-9]+)?$")
#: What forces.yml has a field for, so that it does not belong into `settings`.
_FIELDS = {
    "ASSURANCE_HOME": "home",
    "ASSURANCE_FORCE_CODE": "code",
    "ASSURANCE_KIND": "kind",
    "ASSURANCE_DROPZONE": "dropzone",
    "ASSURANCE_ARCHIVE_URL": "archive",
    "ASSURANCE_REPORTS_URL": "reports",
    "ASSURANCE_CONNECTIONS": "connections",
    FORCE_FOLDER: "folder",
    FORCE_NAME: "name",
    ACCOUNTABLE_BODY: "accountable_body",
}
_PLACES = ("home", "dropzone", "archive", "reports")
#: Names of connections besides those of the source databases and of the warehouse's logins.
_CONNECTIONS = ("warehouse", "warehouse_admin", "backup", "worklist")


class ForcesError(UsageError):
    """forces.yml is not valid. The message names the file and the line."""


@dataclass(frozen=True)
class Force:
    """A force of the deployment, as forces.yml declares it."""

    #: The ONS police force area code.
    code: str
    name: str = ""
    #: Who holds the force's Chief Constable to account. Empty: its folder says so.
    accountable_body: str = ""
    #: The folder of the force, or an empty text for the one that is shipped.
    folder: str = ""
    #: `force`, or `national` for the warehouse that compares the forces.
    kind: Kind = "force"
    owner: str = OWNER
    contact: str = ""
    #: The name of its database server. Empty: Airflow's default pool limits its tasks.
    server: str = ""
    #: Airflow's queue of its tasks, which workers of its own take. Empty: the queue of all.
    queue: str = ""
    #: How many minutes after 05:30 its daily run starts.
    starts_after_minutes: int = 0
    #: The state folder, or an empty text for the default.
    home: str = ""
    dropzone: str = ""
    archive: str = ""
    reports: str = ""
    #: IDs of Airflow connections, by the name that this project uses, such as `rms`.
    connections: Mapping[str, str] = field(default_factory=dict)
    #: Settings in which the force differs from the others, by the name of the variable.
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Forces:
    """The forces of the deployment, by code in the order of the file."""

    file: Path
    forces: Mapping[str, Force]
    #: How many tasks may use each database server at the same time, by the server's name.
    servers: Mapping[str, int]

    def get(self, code: str) -> Force:
        """Return a force by its code.

        Raises:
            UnknownNameError: There is no such force.
        """
        found = self.forces.get(code.strip().upper())
        if found is None:
            raise UnknownNameError("force", code, self.forces, f"in {self.file}")
        return found


def declared_forces() -> Forces | None:
    """Return the forces that forces.yml declares, or None if the deployment has no such file.

    Raises:
        ForcesError: The file is not valid.
        UsageError: `ASSURANCE_FORCES` names a file that does not exist.
    """
    given = os.environ.get(FORCES, "").strip()
    path = Path(given).expanduser().resolve() if given else load_settings().home / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        if not given:
            return None
        raise UsageError(f"{FORCES}: '{given}' is not a file: create it or unset it.") from None
    return _read_once(path, changed)


def own_variable(code: str, variable: str) -> str:
    """Return the variable that sets `variable` for one force, as `ASSURANCE_E23000022_ERASURE_KEY`.

    `variable` is the name of a setting or of a secret's variable.
    """
    start, _, rest = variable.partition("_")
    return f"{start}_{code}_{rest}"


def one_spelling(place: str) -> str:
    """Return a folder or URL in one spelling, so that equal places are equal texts."""
    path = place.removeprefix("file://")
    if "://" in path:
        return path.rstrip("/")
    try:
        return str(Path(path).expanduser().resolve())
    except (RuntimeError, OSError):
        return path  # It is no folder. The force that uses it gets an error that says so.


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
    from oic_assurance.sources.declarations import checked_yaml

    lined = checked_yaml.read(text, str(file), _schema(), "the file", ForcesError)
    content: dict[str, Any] = lined.content
    servers = {name: server["tasks_at_once"] for name, server in content.get("servers", {}).items()}
    forces: dict[str, Force] = {}
    for number, given in enumerate(content["forces"]):
        force = _named(_placed(Force(**given), file.parent))
        mistake = next(_mistakes(force, forces.values(), servers), None)
        if mistake is not None:
            path, message = mistake
            line = lined.line(("forces", number, *path))
            raise ForcesError(f"{file}, line {line}: {message}.")
        forces[force.code] = force
    return Forces(file, forces, servers)


@functools.cache
def _read_once(path: Path, _changed: int) -> Forces:
    return read_file(path)


def _mistakes(
    force: Force, earlier: Iterable[Force], servers: Mapping[str, int]
) -> Iterator["Mistake"]:
    """Yield the path to each mistake in a force's declaration, and a message."""
    if force.server and force.server not in servers:
        yield ("server",), f"'{force.server}' is not one of the servers of this file"
    if (force.kind == "national") != (force.code == ENGLAND_AND_WALES):
        yield ("code",), f"{ENGLAND_AND_WALES} is the code of the kind national, and of no force"
    elif force.kind == "force" and force.code not in force_areas():
        yield ("code",), f"'{force.code}' is not {FORCE_AREA}"
    yield from _in_folder(force)
    for key in (*_PLACES, "folder"):
        place = str(getattr(force, key))
        if place.startswith("~"):
            yield (key,), f"'{place}' is not a folder: this account has no such home"
    yield from _in_settings(force)
    yield from _in_connections(force)
    for other in earlier:
        yield from _in_common(force, other)


def _in_folder(force: Force) -> Iterator["Mistake"]:
    """Yield what is wrong with the folder of the force, or missing without one."""
    from oic_assurance.builds.force_folder import FolderError, read_force

    if not force.folder:
        for key in ("name", "accountable_body"):
            if not getattr(force, key):
                yield (), f"the force {force.code} needs a {key}, or a folder that says so"
        return
    try:
        found = read_force(Path(force.folder))
    except FolderError as error:
        yield ("folder",), error.message.removesuffix(".")
        return
    if found.code != force.code:
        yield ("folder",), f"the folder is of {found.name} ({found.code})"


def _in_settings(force: Force) -> Iterator["Mistake"]:
    for name in force.settings:
        if SECRET.search(name):
            own = own_variable(force.code, name)
            yield ("settings", name), f"a secret does not belong here: set {own}"
        elif name in _FIELDS:
            yield ("settings", name), f"write {name} as `{_FIELDS[name]}` of the force"


def _in_connections(force: Force) -> Iterator["Mistake"]:
    for name in force.connections:
        if name in OF_THE_DEPLOYMENT:
            yield ("connections", name), f"all forces share the connection '{name}'"
        elif not _declares_more(force) and name not in _known_connections():
            message = f"'{name}' is unknown: choose one of {', '.join(_known_connections())}"
            yield ("connections", name), message


def _in_common(force: Force, other: Force) -> Iterator["Mistake"]:
    """Yield what two forces must not have in common, because they would share their data."""
    if other.code == force.code:
        yield ("code",), f"the force {force.code} occurs twice"
    if force.queue and force.queue == other.queue:
        yield ("queue",), f"the force {other.code} has the queue '{force.queue}' too"
    for key in _PLACES:
        place, theirs = (str(getattr(one, key)) for one in (force, other))
        if place and theirs and one_spelling(place) == one_spelling(theirs):
            yield (key,), f"the force {other.code} has the same {key}"
    nested = nested_dropzones(force.code, force.dropzone, other.code, other.dropzone)
    if nested:
        yield ("dropzone",), nested
    for name, used in force.connections.items():
        if used in other.connections.values() or used.startswith(f"{other.code.lower()}_"):
            yield ("connections", name), f"the force {other.code} has '{used}' too"
    for used in other.connections.values():
        if used.startswith(f"{force.code.lower()}_"):
            yield ("code",), f"the force {other.code} uses its connection '{used}'"


def nested_dropzones(code: str, dropzone: str, other: str, others: str) -> str:
    """Return a message if the dropzone of one of two forces is inside the other's, or ""."""
    if not dropzone or not others:
        return ""
    (outside, outer), (inside, inner) = sorted(
        [(one_spelling(dropzone), code), (one_spelling(others), other)]
    )
    if not inside.startswith(f"{outside.rstrip('/')}/"):
        return ""
    return (
        f"the dropzone of the force {inner} is inside the dropzone of the force {outer}, which "
        "would see its files: each needs a place of its own"
    )


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
        folder=placed(force.folder),
    )


def _named(force: Force) -> Force:
    """Return the force with the name that its folder has, if forces.yml gives it none."""
    from oic_assurance.builds.force_folder import FolderError, read_force

    if force.name or not force.folder:
        return force
    try:
        return replace(force, name=read_force(Path(force.folder)).name)
    except FolderError:
        return force  # `_in_folder` says what is wrong.


def _declares_more(force: Force) -> bool:
    """Tell whether the force has declarations of its own, which can name further databases."""
    variable = "ASSURANCE_DECLARATIONS"
    given = (variable, own_variable(force.code, variable))
    return variable in force.settings or any(os.environ.get(name, "").strip() for name in given)


@functools.cache
def _known_connections() -> list[str]:
    from oic_assurance.sources.declarations.load import datasets_of
    from oic_assurance.warehouse.connections import connection_name
    from oic_assurance.warehouse.roles import LOGIN_ROLES

    declared = datasets_of("force").values()
    systems = {one.database.system for one in declared if one.kind == "database"}
    logins = [connection_name(role) for role in LOGIN_ROLES]
    return sorted({*_CONNECTIONS, *systems, *logins})


@functools.cache
def _schema() -> "Draft202012Validator":
    from oic_assurance.sources.declarations import checked_yaml

    folder = resources.files("oic_assurance.forces")
    return checked_yaml.validator(folder.joinpath("_schema.yml").read_text(encoding="utf-8"))

"""Read forces.yml, the file that declares the forces of a deployment.

A deployment with one force needs no such file: environment variables say everything. Each force has
databases, folders, secrets and readers of its own. What they share is the code, the scheduler and
the workers.
"""

import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations import checked_yaml, yaml_lines

#: The variable with the path of forces.yml. Default: forces.yml in the state folder.
VARIABLE = "ASSURANCE_FORCES"
FILE = "forces.yml"
#: Who is called if no owner is declared.
OWNER = "data-engineering"
#: The name of a variable that holds a password or a key.
SECRET = re.compile(r"_(PASSWORD|SECRET|KEY|TOKEN)(_[0-9]+)?$")
#: What forces.yml has a field for, so that it does not belong into `settings`.
_FIELDS = {
    "ASSURANCE_HOME": "home",
    "ASSURANCE_FORCE_CODE": "code",
    "ASSURANCE_DROPZONE": "dropzone",
    "ASSURANCE_ARCHIVE_URL": "archive",
    "ASSURANCE_REPORTS_URL": "reports",
    "ASSURANCE_CONNECTIONS": "connections",
}


class ForcesError(UsageError):
    """forces.yml is not valid. The message names the file and the line."""


@dataclass(frozen=True)
class Force:
    """A force of the deployment, as forces.yml declares it."""

    #: The ONS police force area code.
    code: str
    name: str
    #: Who holds the force's Chief Constable to account.
    accountable_body: str
    owner: str = OWNER
    contact: str = ""
    #: The name of its database server. Empty: Airflow's default pool limits its tasks.
    server: str = ""
    #: How many minutes after 05:30 its daily run starts.
    starts_after_minutes: int = 0
    #: The state folder, or an empty text for the default.
    home: str = ""
    dropzone: str = ""
    archive: str = ""
    reports: str = ""
    #: IDs of Airflow connections, by the name that this project uses.
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
    given = os.environ.get(VARIABLE, "").strip()
    path = Path(given).expanduser().resolve() if given else load_settings().home / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        if not given:
            return None
        raise UsageError(f"{VARIABLE}: '{given}' is not a file: create it or unset it.") from None
    return _read(path, changed)


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
        force = Force(**given)
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
    for name in force.settings:
        if SECRET.search(name):
            own = own_variable(force.code, name)
            yield ("settings", name), f"a secret does not belong here: set {own}"
        elif name in _FIELDS:
            yield ("settings", name), f"write {name} as `{_FIELDS[name]}` of the force"
    for other in earlier:
        yield from _in_common(force, other)


def _in_common(force: Force, other: Force) -> Iterator[tuple[yaml_lines.Path, str]]:
    """Yield what two forces must not have in common, because they would share their data."""
    if other.code == force.code:
        yield ("code",), f"the force {force.code} occurs twice"
    for key in ("home", "dropzone", "archive", "reports"):
        place = str(getattr(force, key)).rstrip("/")
        if place and place == str(getattr(other, key)).rstrip("/"):
            yield (key,), f"the force {other.code} has the same {key}"
    for name, used in force.connections.items():
        if used in other.connections.values():
            yield ("connections", name), f"the force {other.code} has '{used}' too"


def own_variable(code: str, variable: str) -> str:
    """Return the variable that sets `variable` for one force, as `ASSURANCE_E23000022_ERASURE_KEY`.

    `variable` is the name of a setting or of a secret's variable.
    """
    start, _, rest = variable.partition("_")
    return f"{start}_{code}_{rest}"


@functools.cache
def _read(path: Path, _changed: int) -> Forces:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ForcesError(f"{path} cannot be read: {reason}.") from error
    return read_forces(text, path)


@functools.cache
def _schema() -> Draft202012Validator:
    folder = resources.files("oic_assurance.forces")
    return checked_yaml.validator(folder.joinpath("_schema.yml").read_text(encoding="utf-8"))

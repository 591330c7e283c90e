"""The forces of a deployment, which the file forces.yml declares.

A deployment with one force needs no such file: environment variables say everything. Each force has
databases, folders, secrets and readers of its own. What they share is the code, the scheduler and
the workers.
"""

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.settings import Kind, load_settings

#: The variable with the path of forces.yml. Default: forces.yml in the state folder.
VARIABLE = "ASSURANCE_FORCES"
FILE = "forces.yml"
#: Who is called if no owner is declared.
OWNER = "data-engineering"
#: The name of a variable that holds a password or a key.
SECRET = re.compile(r"_(PASSWORD|SECRET|KEY|TOKEN)(_[0-9]+)?$")


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
    #: `force`, or `national` for the warehouse that compares the forces.
    kind: Kind = "force"
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
    given = os.environ.get(VARIABLE, "").strip()
    path = Path(given).expanduser().resolve() if given else load_settings().home / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        if not given:
            return None
        raise UsageError(f"{VARIABLE}: '{given}' is not a file: create it or unset it.") from None
    return _read(path, changed)


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


@functools.cache
def _read(path: Path, _changed: int) -> Forces:
    # The import takes longer than most commands, and most deployments have one force.
    from oic_assurance.forces.read import read_file

    return read_file(path)

"""Enter a force: give this process the environment of one force of the deployment.

All settings, secrets and connections come from environment variables. So a process that works for
one force gets the variables of that force, and sees none of another force. Programs that it starts
inherit them.

- A variable with the force's code sets a setting for this force: `ASSURANCE_E23000022_EVIDENCE`
  sets `ASSURANCE_EVIDENCE`.
- A place that is set for the deployment, such as `ASSURANCE_ARCHIVE_URL`, is the parent: the
  force's place is the folder in it that is named after its code.
- What belongs to one force only, such as its secrets, is never taken from the deployment.
- Every other setting of the deployment applies to each of its forces.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from oic_assurance.errors import UsageError
from oic_assurance.forces.declared import SECRET, VARIABLE, Force, Forces, declared_forces
from oic_assurance.settings import ENTERED, KIND, NATIONAL_DROPZONE, Settings, load_settings
from oic_assurance.warehouse.airflow_uri import CONNECTIONS, OF_THE_DEPLOYMENT

#: The variable in which a person chooses a force.
CHOICE = "ASSURANCE_FORCE"
#: The variable with the state folder of the deployment, for a process that has entered a force.
HOME_OF_ALL = "ASSURANCE_DEPLOYMENT_HOME"
#: Settings that are parents of the forces' places, and the field of forces.yml for each place.
_PARENTS = {
    "ASSURANCE_DROPZONE": "dropzone",
    "ASSURANCE_ARCHIVE_URL": "archive",
    "ASSURANCE_REPORTS_URL": "reports",
    "ASSURANCE_EVIDENCE": "",
    "ASSURANCE_BACKUPS": "",
}
#: Settings that belong to one force only, besides its secrets.
_OF_ONE_FORCE = frozenset(
    {
        CHOICE,
        "ASSURANCE_AUDIT_HEADS",
        "ASSURANCE_BACKUP_RECIPIENTS",
        "ASSURANCE_DRILL_PLACE",
        "ASSURANCE_DRILL_SECRETS",
        "ASSURANCE_FORCE_CODE",
        "ASSURANCE_HOME",
        "ASSURANCE_METRICS_FILE",
        "ASSURANCE_PG_PORT",
        "ASSURANCE_SERVER_LOG",
        "ASSURANCE_SIGN_OFF_ROLES",
        CONNECTIONS,
    }
)
#: A variable with the code of a force.
_OWN = re.compile(r"(ASSURANCE|OPENLINEAGE)_([A-Z][0-9]{8})_(.+)")

#: The environment of the deployment, as it was before this process entered a force.
_deployment: dict[str, str] = {}


def enter(code: str | None) -> None:
    """Give this process the environment of a force. Without a code, of the deployment's only force.

    A process may enter one force after another. If the deployment has no forces.yml, a code must be
    the one of the environment, and nothing changes.

    Raises:
        UsageError: There is no such force, several forces and no code, or forces.yml is not valid.
            Or this process was started by one that has entered another force.
    """
    inherited = os.environ.get(ENTERED, "")
    if inherited and not _deployment:
        # This process was started by one that had entered the force.
        if code is not None and code.strip().upper() != inherited:
            raise UsageError(f"This process works for the force {inherited}, not for {code}.")
        return
    leave()
    forces = declared_forces()
    if forces is None:
        _check_only(code)
        return
    force = _chosen(forces, code)
    _deployment.update(os.environ)
    _replace(environment_of(force, forces, _deployment))


def leave() -> None:
    """Give this process the environment of the deployment again, if it had entered a force."""
    if _deployment:
        _replace(_deployment)
        _deployment.clear()


def environment_of(force: Force, forces: Forces, deployment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of a process that works for a force."""
    home_of_all = load_settings(deployment).home
    home = force.home or f"{home_of_all}/forces/{force.code}"
    mine = {name: value for name, value in deployment.items() if _is_shared(name, force, forces)}
    for variable, key in _PARENTS.items():
        parent = deployment.get(variable, "").strip().rstrip("/")
        place = str(getattr(force, key)) if key else ""
        if place or parent:
            mine[variable] = place or f"{parent}/{force.code}"
    if force.kind == "national":
        # What the forces export is what the national view lands.
        exports = mine.pop(NATIONAL_DROPZONE, "").strip()
        mine["ASSURANCE_DROPZONE"] = force.dropzone or exports or f"{home}/dropzone"
    mine.update(force.settings)
    for name, value in deployment.items():
        own = _OWN.fullmatch(name)
        if own is not None and own[2] == force.code:
            mine[f"{own[1]}_{own[3]}"] = value
    ids = [f"{name}={used}" for name, used in force.connections.items()]
    return {
        **mine,
        VARIABLE: str(forces.file),
        ENTERED: force.code,
        HOME_OF_ALL: str(home_of_all),
        KIND: force.kind,
        "ASSURANCE_FORCE_CODE": force.code,
        "ASSURANCE_HOME": home,
        CONNECTIONS: ", ".join([*ids, f"*={force.code.lower()}_"]),
    }


def first_force() -> str | None:
    """Return the code of the first force of forces.yml, or None if there is no such file.

    What has to be done once for the whole deployment is done in its process.
    """
    forces = declared_forces()
    return None if forces is None else next(iter(forces.forces))


def of_the_deployment(settings: Settings) -> Settings:
    """Return the settings of the deployment itself, whose state folder has Airflow's database."""
    home = os.environ.get(HOME_OF_ALL, "")
    return replace(settings, home=Path(home)) if home else settings


def settings_of(force: Force, forces: Forces) -> Settings:
    """Return the settings of a force, without entering it.

    Raises:
        UsageError: A setting of the force is not valid.
    """
    deployment = _deployment or dict(os.environ)
    try:
        return load_settings(environment_of(force, forces, deployment))
    except UsageError as error:
        raise UsageError(f"The force {force.code}: {error.message}") from error


def _chosen(forces: Forces, code: str | None) -> Force:
    wanted = code or os.environ.get(CHOICE, "").strip()
    if wanted:
        return forces.get(wanted)
    if len(forces.forces) > 1:
        raise UsageError(
            f"{forces.file} has {len(forces.forces)} forces: choose one with --force, such as "
            f"--force {next(iter(forces.forces))}, or set {CHOICE}. "
            "`assurance forces status` shows all of them."
        )
    return next(iter(forces.forces.values()))


def _check_only(code: str | None) -> None:
    """Check that a code means the only force of a deployment without forces.yml."""
    only = load_settings().force_code
    wanted = code or os.environ.get(CHOICE, "").strip()
    if wanted and wanted.upper() != only:
        raise UsageError(
            f"There is no force '{wanted}': this deployment has the force {only} only. "
            "forces.yml declares further forces (docs/how-to/several-forces.md)."
        )


def _is_shared(name: str, force: Force, forces: Forces) -> bool:
    """Tell whether a variable of the deployment applies to a force."""
    own = _OWN.fullmatch(name)
    if own is not None:
        return own[2] == force.code
    if name.startswith("AIRFLOW_CONN_"):
        return _is_connection_of(name.removeprefix("AIRFLOW_CONN_").lower(), force, forces)
    if name in _OF_ONE_FORCE or name in _PARENTS:
        return False
    return not (name.startswith("ASSURANCE_") and SECRET.search(name))


def _is_connection_of(connection: str, force: Force, forces: Forces) -> bool:
    """Tell whether a process of a force may see an Airflow connection.

    It sees its own, and those that belong to the deployment. It does not see those of another
    force, nor those that a deployment with one force has.
    """
    if connection in OF_THE_DEPLOYMENT:
        return True
    return connection.startswith(f"{force.code.lower()}_") or connection in set(
        force.connections.values()
    )


def _replace(environment: Mapping[str, str]) -> None:
    wanted = dict(environment)
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)

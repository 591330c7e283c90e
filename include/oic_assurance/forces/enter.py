"""Enter a force: give this process the environment of one force of the deployment.

All settings, secrets and connections come from environment variables. So a process that works for
one force gets the variables of that force, and sees none of another force. Programs that it starts
inherit them.

- A variable with the force's code sets a setting for this force: `ASSURANCE_E23000022_EVIDENCE`
  sets `ASSURANCE_EVIDENCE`.
- A place that is set for the deployment, such as `ASSURANCE_ARCHIVE_URL`, is the parent: the
  force's place is the folder in it that is named after its code.
- What belongs to one force only, such as its secrets, is never taken from the deployment.
- `AWS_E23000022_SECRET_ACCESS_KEY` sets `AWS_SECRET_ACCESS_KEY` for one force in the same way, and
  so do the settings of other stores.
- `AIRFLOW_E23000022__SECRETS__BACKEND_KWARGS` sets `AIRFLOW__SECRETS__BACKEND_KWARGS`: a token of a
  vault that opens the path of one force.
- Every other setting of the deployment applies to each of its forces.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence

from oic_assurance.commands import ENTERED
from oic_assurance.errors import UsageError
from oic_assurance.forces.declared import (
    SECRET,
    Force,
    Forces,
    declared_forces,
    nested_dropzones,
    one_spelling,
    own_variable,
)
from oic_assurance.settings import (
    ACCOUNTABLE_BODY,
    FIRST,
    FORCE_FOLDER,
    FORCE_NAME,
    FORCES,
    HOME_OF_ALL,
    KIND,
    NATIONAL_DROPZONE,
    REPORTING_FORCES,
    Settings,
    load_settings,
)
from oic_assurance.warehouse.airflow_uri import CONNECTIONS, OF_THE_DEPLOYMENT

#: The variable in which a person chooses a force.
CHOICE = "ASSURANCE_FORCE"
#: The folder, in the state folder of the deployment, with those of the forces.
FOLDER = "forces"
#: Settings that are parents of the forces' places, and the field of forces.yml for each place.
_PARENTS = {
    "ASSURANCE_DROPZONE": "dropzone",
    "ASSURANCE_ARCHIVE_URL": "archive",
    "ASSURANCE_REPORTS_URL": "reports",
    "ASSURANCE_EVIDENCE": "",
    "ASSURANCE_BACKUPS": "",
}
#: What messages call the places of a force, by the variable.
_PLACES = {
    "ASSURANCE_HOME": "state folder",
    "ASSURANCE_DROPZONE": "dropzone",
    "ASSURANCE_ARCHIVE_URL": "archive",
    "ASSURANCE_REPORTS_URL": "reports",
    "ASSURANCE_EVIDENCE": "evidence",
    "ASSURANCE_BACKUPS": "folder of back-ups",
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
        ACCOUNTABLE_BODY,
        FORCE_NAME,
        "ASSURANCE_HOME",
        "ASSURANCE_METRICS_FILE",
        "ASSURANCE_PG_PORT",
        "ASSURANCE_SERVER_LOG",
        "ASSURANCE_SIGN_OFF_ROLES",
        CONNECTIONS,
    }
)
#: A variable with the code of a force. The further prefixes are Airflow's, and those of stores of
#: files.
_OWN = re.compile(r"(ASSURANCE|AIRFLOW|AWS|AZURE|GOOGLE|FSSPEC)_([A-Z][0-9]{8})_(.+)")
#: What only forces.yml can say about a force, by the variable that would say it.
_ONLY_IN_FILE = {
    "ASSURANCE_HOME": "`home` of the force",
    "ASSURANCE_KIND": "`kind` of the force",
    "ASSURANCE_FORCE_CODE": "`code` of the force",
    FORCE_FOLDER: "`folder` of the force",
    FORCE_NAME: "`name` of the force",
    ACCOUNTABLE_BODY: "`accountable_body` of the force",
    CONNECTIONS: "`connections` of the force",
}

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
    check_own(force, forces, os.environ)
    _deployment.update(os.environ)
    replace_environment(environment_of(force, forces, _deployment))


def leave() -> None:
    """Give this process the environment of the deployment again, if it had entered a force."""
    if _deployment:
        replace_environment(_deployment)
        _deployment.clear()


def environment_of(force: Force, forces: Forces, deployment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of a process that works for a force."""
    home_of_all = load_settings(deployment).home
    home = force.home or f"{home_of_all}/{FOLDER}/{force.code}"
    mine = {name: value for name, value in deployment.items() if _is_shared(name, force)}
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
    if force.kind == "national":
        declared = [one.code for one in forces.forces.values() if one.kind == "force"]
        mine[REPORTING_FORCES] = ",".join([*declared, mine.get(REPORTING_FORCES, "")])
    ids = [f"{name}={used}" for name, used in force.connections.items()]
    return {
        **mine,
        FORCES: str(forces.file),
        ENTERED: force.code,
        HOME_OF_ALL: str(home_of_all),
        FIRST: next(iter(forces.forces)),
        KIND: force.kind,
        FORCE_NAME: force.name,
        ACCOUNTABLE_BODY: force.accountable_body,
        "ASSURANCE_FORCE_CODE": force.code,
        **({FORCE_FOLDER: force.folder} if force.folder else {}),
        "ASSURANCE_HOME": home,
        CONNECTIONS: ", ".join([*ids, f"*={force.code.lower()}_"]),
    }


def check_alone(force: Force, forces: Forces, environment: Mapping[str, str]) -> None:
    """Check that a process for the queue of a force holds no secret of another force.

    `environment` is that of the deployment, before the process has entered the force.

    Raises:
        UsageError: The environment has a connection, a secret or credentials of another force, or
            the state folder has such secrets. The message names them, and not their values.
    """
    others = [one for one in forces.forces.values() if one.code != force.code]
    found = [name for name in sorted(environment) if _is_secret_of(name, force, others)]
    folder = load_settings(environment).home / FOLDER
    found += [str(one) for one in sorted(folder.glob("*/secrets")) if one.parent.name != force.code]
    if found:
        raise UsageError(
            f"The force {force.code} has workers of its own, and this process also holds "
            f"{', '.join(found)}: give it what belongs to {force.code} alone, and let it take the "
            f"queue '{force.queue}' (docs/how-to/several-forces.md#workers-of-its-own)."
        )


def replace_environment(environment: Mapping[str, str]) -> None:
    """Give this process other environment variables."""
    wanted = dict(environment)
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)
    _reread_stores()


def check_own(force: Force, forces: Forces, deployment: Mapping[str, str]) -> None:
    """Check that a force has places and connections of its own.

    forces.yml itself is checked when it is read. Here the places and connections are compared that
    the environment gives, or that are the default. Only the forces that have something in common
    are refused, and no other one.

    Raises:
        UsageError: The force has a place or a connection in common with another force, or a
            variable sets what only forces.yml can say.
    """
    for variable, field in _ONLY_IN_FILE.items():
        name = own_variable(force.code, variable)
        if deployment.get(name):
            raise UsageError(f"{name} has no effect: write it as {field} in {forces.file}.")
    mine = _held(force, forces, deployment)
    for other in forces.forces.values():
        if other.code == force.code:
            continue
        theirs = _held(other, forces, deployment)
        for what, place in mine.items():
            same = next((name for name, held in theirs.items() if held == place), None)
            if same is not None:
                raise UsageError(
                    f"The {what} of the force {force.code} is the {same} of the force "
                    f"{other.code} too: each needs its own (docs/how-to/several-forces.md)."
                )
        dropzones = mine["dropzone"], other.code, theirs["dropzone"]
        if nested := nested_dropzones(force.code, *dropzones):
            raise UsageError(f"{nested[0].upper()}{nested[1:]} (docs/how-to/several-forces.md).")


def first_force() -> str | None:
    """Return the code of the first force of forces.yml, or None if there is no such file.

    What has to be done once for the whole deployment is done in its process.
    """
    forces = declared_forces()
    return None if forces is None else next(iter(forces.forces))


def settings_of(force: Force, forces: Forces) -> Settings:
    """Return the settings of a force, without entering it.

    Raises:
        UsageError: A setting of the force is not valid.
    """
    environment = environment_of(force, forces, _deployment or os.environ)
    check_settings(force, environment)
    return load_settings(environment)


def check_settings(force: Force, environment: Mapping[str, str]) -> None:
    """Check the settings in the environment of a force, also those that only its DAG reads.

    Raises:
        UsageError: A setting is not valid. The message names the force.
    """
    # The import takes longer than most commands, and few need it.
    from oic_assurance.state.read import run_deadline

    try:
        load_settings(environment)
        run_deadline(environment)
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


def _is_shared(name: str, force: Force) -> bool:
    """Tell whether a variable of the deployment applies to a force."""
    own = _OWN.fullmatch(name)
    if own is not None:
        return own[2] == force.code
    if name.startswith("AIRFLOW_CONN_"):
        return _is_connection_of(name.removeprefix("AIRFLOW_CONN_").lower(), force)
    if name in _OF_ONE_FORCE or name in _PARENTS:
        return False
    return not (name.startswith("ASSURANCE_") and SECRET.search(name))


def _is_secret(name: str) -> bool:
    """Tell whether a variable holds a connection, a secret, or a force's credentials elsewhere."""
    own = _OWN.fullmatch(name)
    return (
        name.startswith("AIRFLOW_CONN_")
        or SECRET.search(name) is not None
        or (own is not None and own[1] != "ASSURANCE")
    )


def _is_secret_of(name: str, force: Force, others: Sequence[Force]) -> bool:
    """Tell whether a variable holds a secret of another force than `force`."""
    own = _OWN.fullmatch(name)
    if own is not None:
        return own[2] != force.code and _is_secret(name)
    connection = name.removeprefix("AIRFLOW_CONN_").lower()
    return name.startswith("AIRFLOW_CONN_") and any(
        _is_connection_of(connection, other)
        for other in others
        if connection not in OF_THE_DEPLOYMENT
    )


def _is_connection_of(connection: str, force: Force) -> bool:
    """Tell whether a process of a force may see an Airflow connection.

    It sees its own, and those that belong to the deployment. It does not see those of another
    force, nor those that a deployment with one force has.
    """
    if connection in OF_THE_DEPLOYMENT:
        return True
    return connection.startswith(f"{force.code.lower()}_") or connection in set(
        force.connections.values()
    )


def _held(force: Force, forces: Forces, deployment: Mapping[str, str]) -> dict[str, str]:
    """Return what a force must not have in common with another, by what a message calls it.

    Each connection is compared with login and password: two forces may have logins of their own to
    one database, which shows each of them its own records.
    """
    environment = environment_of(force, forces, deployment)
    places = {"ASSURANCE_DROPZONE": f"{environment['ASSURANCE_HOME']}/dropzone"} | environment
    held = {
        what: one_spelling(places[variable])
        for variable, what in _PLACES.items()
        if places.get(variable)
    }
    for name, value in environment.items():
        connection = name.removeprefix("AIRFLOW_CONN_").lower()
        if connection != name.lower() and connection not in OF_THE_DEPLOYMENT and value.strip():
            short = connection.removeprefix(f"{force.code.lower()}_")
            names = {used: own for own, used in force.connections.items()}
            held[f"connection {names.get(connection, short)}"] = value.strip()
    return held


def _reread_stores() -> None:
    """Let fsspec read its variables again. It reads them when it is imported."""
    config = sys.modules.get("fsspec.config")
    if config is not None:
        folder = os.environ.get("FSSPEC_CONFIG_DIR", config.default_conf_dir)
        config.conf.clear()
        config.set_conf_files(folder, config.conf)
        config.set_conf_env(config.conf)

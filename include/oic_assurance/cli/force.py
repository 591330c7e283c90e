"""The option `--force CODE`, which every command about one force has."""

import os
from pathlib import Path

import click

from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings, load_settings

#: The commands that need no state folder.
WITHOUT_STATE = ("sources document", "pack power-bi", "pack verify")
#: The commands about the records, the Board and the releases of a force. The national warehouse has
#: none of these.
OF_A_FORCE = (
    *("access pseudonyms", "access rekey", "demo", "erase approve", "erase recalls", "explain"),
    *("mf", "pack bundle", "pack power-bi", "pack verify", "pack workbook", "publication compare"),
    *("publication preview", "release files", "release list", "release make", "release withdraw"),
    *("signoff", "simulate", "worklist"),
)

#: What a person can do with a login of their own, each with the right that it needs. A step of a
#: sign-off needs the right of its role: the warehouse says so.
OF_A_PERSON = {
    **dict.fromkeys(("checks", "publication approve", "publication reject"), "APPROVER"),
    **dict.fromkeys(("erase approve", "erase recalls", "upkeep confirm"), "REVIEWER"),
    **dict.fromkeys(("upkeep decide", "upkeep decisions", "upkeep due"), "REVIEWER"),
    **dict.fromkeys(("publication list", "signoff agree", "signoff evidence", "signoff list")),
    **dict.fromkeys(("signoff reopen", "signoff show", "signoff sign", "status")),
}


def add_force_option(command: click.Command) -> None:
    """Add the option `--force` to a command, or to each command of a group."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            add_force_option(one)
    elif _FORCE not in command.params:
        command.params.append(_FORCE)


def _enter(ctx: click.Context, _: click.Parameter, code: str | None) -> None:
    """Enter the force, before the command reads anything."""
    if not ctx.resilient_parsing:
        from oic_assurance.forces.enter import enter

        enter(code)
        begin(ctx)


_FORCE = click.Option(
    ["--force", "force_code"],
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_enter,
    help="The force, by its ONS code. Only needed if forces.yml declares several.",
)


def begin(ctx: click.Context) -> None:
    """Do what a command needs before it runs: find secrets, see who acts, and watch readers.

    Raises:
        UsageError: The national warehouse has nothing that the command is about, or whoever runs
            the command may not use it.
    """
    from oic_assurance.platform.airflow.secrets_backend import VARIABLE, use_secrets_backend

    settings = load_settings()
    if os.environ.get(VARIABLE):
        use_secrets_backend(settings)
    command = ctx.command_path.partition(" ")[2] or ctx.invoked_subcommand or ""
    is_of_a_force = command in OF_A_FORCE or command.partition(" ")[0] in OF_A_FORCE
    if is_of_a_force and settings.kind == "national":
        raise UsageError(
            f"`assurance {command}` is a command of a force. The national warehouse has no "
            "records, no sign-offs and no releases: use it for a force."
        )
    _check_who_acts(settings, command)


def _check_who_acts(settings: Settings, command: str) -> None:
    from oic_assurance.warehouse import connections
    from oic_assurance.warehouse.airflow_uri import variable_name

    who = connections.person()
    variable = variable_name(connections.PERSON_CONNECTION)
    if who is None:
        folders = (settings.home, settings.secrets_dir)
        if command not in WITHOUT_STATE and any(map(_is_closed, folders)):
            raise UsageError(
                f"The state folder {settings.home} belongs to another account. Run the command "
                f"under that account, or act with a login of your own: set {variable} "
                "(docs/how-to/accounts.md#let-a-person-act)."
            )
    elif command not in OF_A_PERSON:
        raise UsageError(
            f"`assurance {command}` needs the account of the deployment, and '{who}' ({variable}) "
            "is the login of a person (docs/how-to/accounts.md#let-a-person-act)."
        )
    elif right := OF_A_PERSON[command]:
        with connections.refusals(), connections.connect(settings, role="oic_gate") as warehouse:
            warehouse.execute("select audit.check_right(%s)", (right,))


def _is_closed(folder: Path) -> bool:
    """Tell whether a folder exists, but not for this account."""
    try:
        return folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK)
    except PermissionError:
        return True

"""The option `--force CODE`, which every command about one force has."""

import os

import click

from oic_assurance.errors import UsageError
from oic_assurance.settings import ENTERED

#: The commands that run many stages. Readers are watched before the rest is imported, because the
#: import alone takes many times as long beside readers that use the processors.
WATCHED = ("run", "demo", "up")
#: The commands about the records, the Board and the releases of a force. The national warehouse has
#: none of these.
OF_A_FORCE = frozenset(
    {
        "bundle",
        "compare",
        "demo",
        "explain",
        "mf",
        "preview",
        "pseudonyms",
        "recall",
        "release",
        "signoff",
        "simulate",
        "workbook",
        "worklist",
    }
)


def add_force_option(command: click.Command) -> None:
    """Add the option `--force` to a command, or to each command of a group."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            add_force_option(one)
        if not command.invoke_without_command:
            return
    if not any(isinstance(parameter, ForceOption) for parameter in command.params):
        command.params.append(ForceOption())


class ForceOption(click.Option):
    """The option `--force`. Before the command reads anything, the process enters the force."""

    def __init__(self) -> None:
        super().__init__(
            ["--force", "force_code"],
            metavar="CODE",
            is_eager=True,
            expose_value=False,
            callback=_enter,
            help="The force, by its ONS code. Only needed if forces.yml declares several.",
        )


def begin(ctx: click.Context) -> None:
    """Do what a command needs before it runs: find secrets, and watch readers.

    Raises:
        UsageError: The national warehouse has nothing that the command is about.
    """
    from oic_assurance.platform.airflow.secrets_backend import VARIABLE, use_secrets_backend
    from oic_assurance.settings import deployment_kind, load_settings

    if os.environ.get(VARIABLE):
        use_secrets_backend(load_settings())
    root = ctx.find_root()
    if root.invoked_subcommand in OF_A_FORCE and deployment_kind() == "national":
        raise UsageError(
            f"`assurance {root.invoked_subcommand}` is a command of a force. The national "
            "warehouse has no records, no sign-offs and no releases: use it for a force."
        )
    if root.invoked_subcommand in WATCHED:
        from oic_assurance.warehouse.reader_guard import readers_watched

        root.with_resource(readers_watched(load_settings()))


def _enter(ctx: click.Context, _: click.Parameter, code: str | None) -> None:
    if ctx.resilient_parsing or (code is None and ENTERED in ctx.meta):
        return
    ctx.meta[ENTERED] = True
    from oic_assurance.forces.enter import enter

    enter(code)
    begin(ctx)

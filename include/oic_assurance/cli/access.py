"""`assurance access`: manage what supervisors and the Commissioner's office may read."""

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import json_option, show
from oic_assurance.operations import access as logins
from oic_assurance.reporting.screens.access import access_screen, read_access
from oic_assurance.settings import load_settings


@click.group(cls=Group)
def access() -> None:
    """Manage what supervisors and the Commissioner's office may read.

    A supervisor reads the records of named organisational units. The Commissioner's office reads
    aggregates only.
    """


@access.command()
@click.argument("login")
@click.option(
    "--unit", "units", multiple=True, metavar="CODE", help="A unit. Repeat the option for each."
)
@click.option("--office", is_flag=True, help="For the Commissioner's office: aggregates only.")
@click.option("--reason", required=True, metavar="TEXT", help="Why. It is recorded.")
def give(login: str, units: tuple[str, ...], office: bool, reason: str) -> None:
    """Give LOGIN the right to read the records of units, or to read aggregates only.

    If the login does not exist, it is created, and its password is printed once.
    """
    if office == bool(units):
        raise click.UsageError("Give --unit, or --office for the Commissioner's office")
    password = logins.give(load_settings(), login, units, _checked(reason))
    readable = f"the records of {', '.join(units)}" if units else "aggregates"
    click.echo(f"'{login}' reads {readable}.")
    if password is not None:
        click.echo(f"Its password, which is not stored anywhere: {password}")


@access.command()
@click.argument("login")
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="CODE",
    help="End access to this unit only. Repeat the option for each unit. Without it, all access "
    "ends.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why. It is recorded.")
def end(login: str, units: tuple[str, ...], reason: str) -> None:
    """Take the right to read away from LOGIN. The login itself stays.

    The change takes effect from the login's next statement.
    """
    logins.end(load_settings(), login, units, _checked(reason))
    ended = f"the records of {', '.join(units)}" if units else "anything"
    click.echo(f"'{login}' no longer reads {ended}.")


@access.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show what each login may read, who last changed its rights, and why."""
    show(read_access(load_settings()), access_screen, as_json=as_json)


def _checked(reason: str) -> str:
    if not reason.strip():
        raise click.UsageError("The reason is blank: give one")
    return reason.strip()

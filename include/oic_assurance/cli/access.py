"""`assurance access`: manage what readers may read, and what persons may do."""

import os

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import json_option, show
from oic_assurance.operations import access as logins
from oic_assurance.reporting.screens.access import access_screen, read_access
from oic_assurance.settings import ENTERED, load_settings
from oic_assurance.warehouse.airflow_uri import variable_name
from oic_assurance.warehouse.connections import PERSON_CONNECTION
from oic_assurance.warehouse.roles import RIGHTS

#: The settings of the deployment that a person's commands need as well.
OF_A_PERSON = ("ASSURANCE_FORCE_CODE", "ASSURANCE_EVIDENCE")


@click.group(cls=Group)
def access() -> None:
    """Manage what supervisors and the Commissioner's office may read, and what persons may do.

    A supervisor reads the records of named organisational units. The Commissioner's office reads
    aggregates only. So does a person with a right, who signs off, approves or reviews.
    """


right_option = click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(RIGHTS, case_sensitive=False),
    metavar="RIGHT",
    help=f"A right of a person: {', '.join(RIGHTS)}. Repeat the option for each.",
)


@access.command()
@click.argument("login")
@click.option(
    "--unit", "units", multiple=True, metavar="CODE", help="A unit. Repeat the option for each."
)
@click.option("--office", is_flag=True, help="For the Commissioner's office: aggregates only.")
@right_option
@click.option("--reason", required=True, metavar="TEXT", help="Why. It is recorded.")
def give(
    login: str, units: tuple[str, ...], office: bool, rights: tuple[str, ...], reason: str
) -> None:
    """Give LOGIN the right to read the records of units or aggregates only, or to act as a person.

    If the login does not exist, it is created, and its password is printed once.
    """
    if bool(units) + office + bool(rights) != 1:
        raise click.UsageError(
            "Give --unit, or --office for the Commissioner's office, or --right for a person"
        )
    settings = load_settings()
    wanted = [right.upper() for right in rights]
    password = logins.give(settings, login, units, _checked(reason), wanted)
    readable = f"the records of {', '.join(units)}" if units else "aggregates"
    may = f" and has the right {', '.join(wanted)}" if wanted else ""
    click.echo(f"'{login}' reads {readable}{may}.")
    if password is not None:
        click.echo(f"Its password, which is not stored anywhere: {password}")
    if wanted:
        click.echo("The person sets, for commands of their own:")
        url = logins.person_url(settings, login, password)
        click.echo(f"{variable_name(PERSON_CONNECTION)}={url}")
        for name in () if os.environ.get(ENTERED) else OF_A_PERSON:
            if os.environ.get(name):
                click.echo(f"{name}={os.environ[name]}")


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
@right_option
@click.option("--reason", required=True, metavar="TEXT", help="Why. It is recorded.")
def end(login: str, units: tuple[str, ...], rights: tuple[str, ...], reason: str) -> None:
    """Take the right to read or to act away from LOGIN. The login itself stays.

    The change takes effect from the login's next statement.
    """
    lost = [right.upper() for right in rights]
    logins.end(load_settings(), login, units, _checked(reason), lost)
    ended = f"the records of {', '.join(units)}" if units else "anything"
    words = f"has the right {', '.join(lost)}" if lost else f"reads {ended}"
    click.echo(f"'{login}' no longer {words}.")


@access.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show what each login may read, who last changed its rights, and why."""
    show(read_access(load_settings()), access_screen, as_json=as_json)


def _checked(reason: str) -> str:
    if not reason.strip():
        raise click.UsageError("The reason is blank: give one")
    return reason.strip()

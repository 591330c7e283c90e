"""`assurance worklist`: show units' open exceptions, each with the officer whom it concerns."""

from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import json_option, required_reason, show
from oic_assurance.operations import worklist as operation
from oic_assurance.reporting.screens.worklist import worklist_screen
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.account import account

file_type = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group, invoke_without_command=True)
@click.option("--unit", metavar="CODE", help="Only this unit. Default: all units of the login.")
@click.option(
    "--because",
    "--reason",
    "because",
    metavar="TEXT",
    help="Why you look, in at least 10 characters. It is logged.",
)
@click.option("--csv", "to", type=file_type, metavar="FILE", help="Write a CSV file instead.")
@json_option
@click.pass_context
def worklist(
    ctx: click.Context, unit: str | None, because: str | None, to: Path | None, as_json: bool
) -> None:
    """Show units' open exceptions, the oldest first, each with the officer whom it concerns.

    Each look is logged with its reason before any officer is shown. AIRFLOW_CONN_WORKLIST sets the
    login, for example a supervisor's own login. Without this variable, the warehouse's own login is
    used, which sees every unit.
    """
    if ctx.invoked_subcommand is not None:
        return
    why = required_reason(because, "Why do you look")
    found = operation.read_worklist(load_settings(), unit, why, account())
    if to is None:
        show(found, worklist_screen, as_json=as_json)
        return
    operation.write_worklist(found, to)
    click.echo(f"{to} has {len(found.exceptions)} open exceptions. Only you can read it.")


@worklist.command()
@click.argument("file", type=file_type)
def names(file: Path) -> None:
    """Fill in names of officers from FILE, a CSV file from the force's directory.

    FILE has the columns name and employee_no or collar_no. Its names replace all earlier names for
    the same kind of number. Names are shown only in the worklist and are in no mart.
    """
    filled = operation.fill_directory(load_settings(), file)
    click.echo(f"{filled.stored} names are stored. {filled.unknown} numbers are in no record.")

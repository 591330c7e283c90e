"""`assurance worklist`: show units' open exceptions, each with the officer whom it concerns."""

from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import reason_option, required_reason
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count
from oic_assurance.operations.worklist import fill_directory, read_worklist, write_worklist
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account

file_type = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group, default="show")
def worklist() -> None:
    """Show units' open exceptions, which is what happens without a subcommand."""


@worklist.command()
@click.option("--unit", metavar="CODE", help="Only this unit. Default: all units of the login.")
@reason_option
@click.option("--csv", "to", type=file_type, help="Write a CSV file instead.")
@shows
def show(settings: Settings, unit: str | None, reason: str | None, to: Path | None) -> Result:
    """Show units' open exceptions, the oldest first, each with the officer whom it concerns.

    Each access is logged with its reason, of at least 10 characters, before any officer is shown.
    AIRFLOW_CONN_WORKLIST sets the login, for example a supervisor's own login. Without this
    variable, the warehouse's own login is used, which sees every unit.
    """
    found = read_worklist(settings, unit, required_reason(reason, "Why do you need it"), account())
    number = count(len(found.exceptions), "open exception")
    if to is not None:
        write_worklist(found, to)
        return Result([f"{to} has {number}. Only you can read it."])
    exceptions = columns(
        *("opened_at:day=opened", "age_days:number=days", "org_unit_code=unit"),
        *("exception_code=exception", "record_ref=record", "number=officer", "name", "-*"),
    )
    return Result(
        [
            Table("exceptions", exceptions, found.exceptions),
            Facts("look", columns("-login"), found),
            f"'{found.login}' sees {number}.",
        ]
    )


@worklist.command()
@click.argument("file", type=file_type)
@shows
def names(settings: Settings, file: Path) -> Result:
    """Fill in names of officers from FILE, a CSV file from the force's directory.

    FILE has the columns name and employee_no or collar_no. Its names replace all earlier names for
    the same kind of number. Names are shown only in the worklist and are in no mart.
    """
    stored, unknown = fill_directory(settings, file)
    return Result([f"{stored} names are stored. {unknown} numbers are in no record."])

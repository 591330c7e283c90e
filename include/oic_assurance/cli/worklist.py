"""`assurance worklist`: show units' open exceptions, each with the officer whom it concerns."""

from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import required_reason
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count
from oic_assurance.operations import worklist as operation
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.account import account

file_type = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group, default="show")
def worklist() -> None:
    """Show units' open exceptions, which is what happens without a subcommand."""


@worklist.command()
@click.option("--unit", metavar="CODE", help="Only this unit. Default: all units of the login.")
@click.option(
    "--reason", metavar="TEXT", help="Why you look, in at least 10 characters. It is logged."
)
@click.option("--csv", "to", type=file_type, metavar="FILE", help="Write a CSV file instead.")
@shows
def show(unit: str | None, reason: str | None, to: Path | None) -> Result:
    """Show units' open exceptions, the oldest first, each with the officer whom it concerns.

    Each look is logged with its reason before any officer is shown. AIRFLOW_CONN_WORKLIST sets the
    login, for example a supervisor's own login. Without this variable, the warehouse's own login is
    used, which sees every unit.
    """
    why = required_reason(reason, "Why do you look")
    found = operation.read_worklist(load_settings(), unit, why, account())
    number = count(len(found.exceptions), "open exception")
    if to is not None:
        operation.write_worklist(found, to)
        return Result([f"{to} has {number}. Only you can read it."])
    return Result(
        [
            Table(
                "exceptions",
                columns(
                    *("opened_at:day=opened", "age_days:number=days", "org_unit_code=unit"),
                    *("exception_code=exception", "record_ref=record", "number=officer", "name"),
                    *("-number_kind", "-exception_key", "-point_code", "-age_band"),
                ),
                found.exceptions,
            ),
            Facts("look", columns("-login"), found),
            f"'{found.login}' sees {number}.",
        ]
    )


@worklist.command()
@click.argument("file", type=file_type)
@shows
def names(file: Path) -> Result:
    """Fill in names of officers from FILE, a CSV file from the force's directory.

    FILE has the columns name and employee_no or collar_no. Its names replace all earlier names for
    the same kind of number. Names are shown only in the worklist and are in no mart.
    """
    filled = operation.fill_directory(load_settings(), file)
    return Result([f"{filled.stored} names are stored. {filled.unknown} numbers are in no record."])

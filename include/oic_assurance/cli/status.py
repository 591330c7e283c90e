"""`assurance status` and `assurance checks`: show the last run, and which checks failed."""

import click

from oic_assurance.cli.output import show
from oic_assurance.cli.parameters import ID, json_option
from oic_assurance.reporting.screens.checks import checks_screen, read_checks
from oic_assurance.reporting.screens.facts import read_status
from oic_assurance.reporting.screens.screen import status_screen
from oic_assurance.settings import load_settings


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show the last run, the current publication, the freshness of datasets, and what failed."""
    show(read_status(load_settings()), status_screen, as_json=as_json)


@click.command()
@click.argument("build_id", metavar="[BUILD]", type=ID, required=False)
@click.option(
    "--table",
    metavar="NAME",
    help="Show checks of this table only, such as marts.fct_nccu_referral.",
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    default=5,
    help="How many keys of failing rows to show for each check.",
)
@json_option
def checks(build_id: int | None, table: str | None, rows: int, as_json: bool) -> None:
    """Show which checks of BUILD failed, who owns the checks, and the keys of the failing rows.

    BUILD is the number of a build. Without BUILD, the newest build is shown. A publication has the
    same number as its build. Builds that were not published are shown too. Showing keys is logged.
    """
    show(read_checks(load_settings(), build_id, table, rows), checks_screen, as_json=as_json)

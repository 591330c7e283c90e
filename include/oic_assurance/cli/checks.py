"""`assurance checks`: what the checks of a build found, and which rows broke them."""

import sys

import click

from oic_assurance.cli.parameters import ID


@click.command()
@click.argument("build_id", metavar="[BUILD]", type=ID, required=False)
@click.option("--table", help="Of this table alone, such as marts.fct_nccu_referral.")
@click.option("--rows", type=click.IntRange(min=0), default=5, show_default=True)
def checks(build_id: int | None, table: str | None, rows: int) -> None:
    """Show what was not kept in BUILD (the newest): in words, whose it is, and the rows by key.

    A publication has the number of its build; one that was blocked has a build all the same.
    """
    from oic_assurance.reporting.screens.checks import checks_screen
    from oic_assurance.settings import load_settings

    sys.stdout.write(checks_screen(load_settings(), build_id, table, rows))

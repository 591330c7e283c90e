"""`assurance pack`: make the pack for the Accountability Board."""

from datetime import datetime

import click

from oic_assurance.cli.output import show
from oic_assurance.cli.parameters import json_option
from oic_assurance.reporting.pack.make import make_pack
from oic_assurance.reporting.screens.packs import pack_screen
from oic_assurance.settings import load_settings


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    show_default="the day on which the Board last met",
    help="Show changes since this day.",
)
@click.option(
    "--publication",
    type=int,
    metavar="ID",
    show_default="the current publication",
    help="Make the pack of this publication.",
)
@json_option
def pack(since: datetime | None, publication: int | None, as_json: bool) -> None:
    """Make the assurance pack of a publication, and print the paths of its files.

    There are two files for the Board: an HTML page and a PDF. Figures for the public are released
    with `assurance release make`.
    """
    made = make_pack(load_settings(), since.date() if since else None, publication)
    show(made, pack_screen, as_json=as_json)

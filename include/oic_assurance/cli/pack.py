"""`assurance pack`: make the packs for the Accountability Board and for the public."""

from datetime import datetime

import click

from oic_assurance.cli.output import show
from oic_assurance.cli.parameters import json_option
from oic_assurance.reporting.pack.make import make_packs
from oic_assurance.reporting.screens.packs import MadePacks, packs_screen
from oic_assurance.settings import load_settings


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    show_default="the previous pack",
    help="Show changes since the last pack of that day or before it.",
)
@json_option
def pack(since: datetime | None, as_json: bool) -> None:
    """Make the assurance pack of the current publication, and print the paths of its files.

    There are four files: an HTML page and a PDF for the Board, and an HTML page and a PDF for the
    public.
    """
    board, public = make_packs(load_settings(), since.date() if since else None)
    show(MadePacks(board, public), packs_screen, as_json=as_json)

"""`assurance status`: show the last run, the current publication, and what failed."""

import click

from oic_assurance.cli.output import show
from oic_assurance.cli.parameters import json_option
from oic_assurance.reporting.screens.facts import read_status
from oic_assurance.reporting.screens.screen import status_screen
from oic_assurance.settings import load_settings


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show the last run, the current publication, the freshness of datasets, and what failed."""
    show(read_status(load_settings()), status_screen, as_json=as_json)

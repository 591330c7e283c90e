"""`assurance status`: where things stand, on one screen."""

import sys

import click


@click.command()
def status() -> None:
    """Show the last run, the current publication, each dataset's freshness and open failures."""
    from oic_assurance.reporting.screens.screen import status_screen
    from oic_assurance.settings import load_settings

    sys.stdout.write(status_screen(load_settings()))

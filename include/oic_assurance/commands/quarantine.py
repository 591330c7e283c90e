"""`assurance quarantine`: rows that broke the source contract, with their reasons."""

import sys

import click


@click.group()
def quarantine() -> None:
    """Show rows that broke the source contract."""


@quarantine.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
def list_(limit: int) -> None:
    """Show rejected rows, the newest first: dataset, file, row, key and every reason."""
    from oic_assurance.reporting.screen import quarantine_screen
    from oic_assurance.settings import load_settings

    sys.stdout.write(quarantine_screen(load_settings(), limit))

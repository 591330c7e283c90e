"""`assurance publication`: what was published."""

import sys

import click


@click.group()
def publication() -> None:
    """Show what was published, and what readers see."""


@publication.command("list")
def list_() -> None:
    """Show every publication, the newest first; the star marks the one that readers see."""
    from oic_assurance.reporting.screen import publications_screen
    from oic_assurance.settings import load_settings

    sys.stdout.write(publications_screen(load_settings()))

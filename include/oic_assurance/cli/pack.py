"""`assurance pack`: what the Accountability Board is shown, and what the public is."""

from datetime import datetime

import click


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Tell what changed since the pack of that day, or the last one before it. "
    "The default is the pack before this one.",
)
def pack(since: datetime | None) -> None:
    """Make the assurance pack of what readers see, as pages and on paper, and print where it is."""
    from oic_assurance.reporting.pack.make import make_packs
    from oic_assurance.settings import load_settings

    for made in make_packs(load_settings(), since.date() if since else None):
        click.echo(f"{made.page}\n{made.paper}")

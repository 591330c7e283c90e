"""`assurance superset`: the dashboards on this machine."""

import click

from oic_assurance.platform.superset.server import serve
from oic_assurance.settings import load_settings


@click.command()
def superset() -> int:
    """Start Superset with the dashboards, until Ctrl-C."""
    return serve(load_settings(), click.echo)

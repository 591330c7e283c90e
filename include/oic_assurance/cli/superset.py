"""`assurance superset`: run Superset with the dashboards on this machine."""

import click

from oic_assurance.platform.superset.server import serve
from oic_assurance.settings import load_settings


@click.command()
def superset() -> int:
    """Start Superset with the dashboards. Ctrl-C stops it."""
    return serve(load_settings(), click.echo)

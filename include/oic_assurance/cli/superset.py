"""`assurance superset`: the dashboards on this machine."""

import click


@click.command()
def superset() -> int:
    """Start Superset with the dashboards in it; stop it on Ctrl-C."""
    from oic_assurance.platform.superset.server import serve
    from oic_assurance.settings import load_settings

    return serve(load_settings(), click.echo)

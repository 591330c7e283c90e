"""`assurance up`, `down` and `superset`: run Airflow or Superset on this machine until Ctrl-C."""

import click

from oic_assurance.platform.airflow import scheduler
from oic_assurance.platform.superset.server import serve
from oic_assurance.settings import load_settings


@click.command()
def up() -> int:
    """Start Airflow's api-server, scheduler, dag-processor and triggerer. Ctrl-C stops them."""
    return scheduler.up(load_settings(), click.echo)


@click.command()
def down() -> None:
    """Stop the Airflow that `assurance up` has started in another terminal."""
    was_running = scheduler.down(load_settings())
    click.echo("Airflow is stopped." if was_running else "Airflow was not running.")


@click.command()
def superset() -> int:
    """Start Superset with the dashboards. Ctrl-C stops it."""
    return serve(load_settings(), click.echo)

"""`assurance db`: start, stop and reach the embedded server."""

import click


@click.group()
def db() -> None:
    """Start, stop and reach the embedded PostgreSQL server."""


@db.command()
def start() -> None:
    """Start the server and bring the warehouse up to this code; return when it is ready."""
    from oic_assurance.pipeline import prepare_warehouse
    from oic_assurance.settings import load_settings
    from oic_assurance.warehouse.embedded import is_running, server_port

    settings = load_settings()
    prepare_warehouse(settings)
    if is_running(settings):
        click.echo(f"PostgreSQL is ready on 127.0.0.1, port {server_port(settings)}.")
    else:
        click.echo("Every database is somebody else's server: the warehouse there is ready.")


@db.command()
def stop() -> None:
    """Stop the server, ending open sessions."""
    from oic_assurance.settings import load_settings
    from oic_assurance.warehouse.embedded import is_running
    from oic_assurance.warehouse.embedded import stop as stop_server

    settings = load_settings()
    was_running = is_running(settings)
    stop_server(settings)
    click.echo("PostgreSQL is stopped." if was_running else "PostgreSQL was not running.")


@db.command()
@click.argument("name")
def url(name: str) -> None:
    """Print the URI, with password, of a database.

    NAME is warehouse, rms or intelligence (owner logins) or bi, public (the readers).
    """
    from oic_assurance.settings import load_settings
    from oic_assurance.warehouse.connections import url as database_url

    click.echo(database_url(load_settings(), name))

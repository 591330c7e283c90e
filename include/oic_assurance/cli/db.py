"""`assurance db`: start and stop the embedded server, and print the URI of a database."""

import click

from oic_assurance.batches.archive_key import ARCHIVE_KEY, archive_key
from oic_assurance.cli.group import Group
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.settings import load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import url as database_url
from oic_assurance.warehouse.hardening.close import hardening_sql as statements


@click.group(cls=Group)
def db() -> None:
    """Start and stop the embedded PostgreSQL server, and print how to connect."""


@db.command()
def start() -> None:
    """Start the server, migrate the warehouse, and wait until it is ready."""
    settings = load_settings()
    prepare_warehouse(settings)
    if embedded.is_running(settings):
        click.echo(f"PostgreSQL is ready on 127.0.0.1, port {embedded.server_port(settings)}.")
    else:
        click.echo("All databases are on external servers. The warehouse there is ready.")
    if archive_key(settings) is None:
        click.echo(f"The archive of deliveries is not encrypted: {ARCHIVE_KEY} is not set.")


@db.command()
def stop() -> None:
    """Stop the server. This ends open sessions."""
    settings = load_settings()
    was_running = embedded.is_running(settings)
    embedded.stop(settings)
    click.echo("PostgreSQL is stopped." if was_running else "PostgreSQL was not running.")


@db.command()
@click.argument("name")
def url(name: str) -> None:
    """Print the URI of a database, with its password.

    NAME is warehouse, rms or intelligence for the login that owns that database. NAME is bi for the
    login that reads the published marts; landing, transform, gate, publish or erasure for the login
    of that stage; and general_processing or law_enforcement_processing for the login that reads raw
    for that purpose. NAME is admin for the administrator of the warehouse's server.
    """
    click.echo(database_url(load_settings(), name))


@db.command("hardening-sql")
def hardening_sql() -> None:
    """Print the SQL that an administrator of an external server must run.

    The SQL closes to readers what the server gives to every login, such as statistics, catalogues
    and sizes, and sets limits for readers. On the embedded server it is run at each start.
    """
    click.echo(statements(load_settings()), nl=False)

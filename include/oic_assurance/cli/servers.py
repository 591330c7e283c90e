"""`assurance db`, `up`, `down` and `superset`: the servers on this machine."""

from pathlib import Path

import click

from oic_assurance.batches.archive_key import ARCHIVE_KEY, archive_key
from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result
from oic_assurance.cli.shared import FILE, reason_for, write_file
from oic_assurance.cli.shown import shows
from oic_assurance.platform.airflow import scheduler
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.airflow_uri import variable_name
from oic_assurance.warehouse.connections import describe, embedded_databases, warehouse_url
from oic_assurance.warehouse.connections import url as database_url
from oic_assurance.warehouse.hardening.close import hardening_sql as statements


@click.group(cls=Group)
def db() -> None:
    """Start and stop the embedded PostgreSQL server, and print how to connect."""


@db.command()
@shows
def start(settings: Settings) -> Result:
    """Start the server, migrate the warehouse, and wait until it is ready."""
    # The other commands need nothing of the pipeline.
    from oic_assurance.pipeline import prepare_warehouse

    prepare_warehouse(settings)
    here, why, ready = embedded_databases(), "", []
    if "warehouse" not in here:
        ready.append(f"The warehouse is ready: {describe(warehouse_url(settings))}.")
        unset = " and ".join(map(variable_name, here))
        why = f", for {' and '.join(here)}: set {unset} to do without it"
    if here:
        port = embedded.server_port(settings)
        ready.append(f"PostgreSQL is ready on 127.0.0.1, port {port}{why}.")
    if archive_key(settings) is None:
        ready.append(f"The archive of deliveries is not encrypted: {ARCHIVE_KEY} is not set.")
    return Result(ready)


@db.command()
@shows
def stop(settings: Settings) -> Result:
    """Stop the server. This ends open sessions."""
    was_running = embedded.is_running(settings)
    embedded.stop(settings)
    return Result(["PostgreSQL is stopped." if was_running else "PostgreSQL was not running."])


@db.command()
@click.argument("name")
@shows
def url(settings: Settings, name: str) -> Result:
    """Print the URI of a database, with its password.

    NAME says for which login the URI is. The names warehouse, rms and intelligence stand for the
    login with which the pipeline connects to that database. The name bi stands for the login that
    reads the published marts. The names landing, transform, gate, publish and erasure stand for the
    login of that stage. The names general_processing and law_enforcement_processing stand for the
    login that reads raw for that purpose. The name admin stands for the administrator of the
    warehouse's server. To look around, use `assurance db look`.
    """
    found = {"name": name, "url": database_url(settings, name)}
    return Result([Facts("database", (), found)], text=found["url"])


@db.command()
@click.option("--hours", type=click.IntRange(1, 72), default=8, help="For how long. Default: 8.")
@reason_for("Why do you need to read the warehouse?")
@shows
def look(settings: Settings, hours: int, reason: str) -> Result:
    """Print a URI with which you can read the warehouse for some hours.

    The login is your own, and the reason is in the log of processing, as is everything that you
    read. It reads the marts, raw, the models and the record of runs, but not who a pseudonym stands
    for. It cannot write.
    """
    from oic_assurance.operations.access import look_around

    address = look_around(settings, reason, hours=hours)
    return Result([Facts("look", (), {"url": address, "hours": hours})], text=address)


@db.command("hardening-sql")
@shows
def hardening_sql(settings: Settings) -> Result:
    """Print the SQL that an administrator of an external server must run.

    PostgreSQL lets every login read statistics, catalogues and sizes. The SQL takes these rights
    away from readers, sets limits for them, and makes the server log what is read. On the embedded
    server, the SQL is run at each start.
    """
    found = statements(settings).rstrip("\n")
    return Result([Facts("hardening", (), {"sql": found})], text=found)


@click.command()
def up() -> int:
    """Start Airflow's api-server, scheduler, dag-processor and triggerer. Ctrl-C stops them."""
    return scheduler.up(load_settings(), click.echo)


@click.command()
@shows
def down(settings: Settings) -> Result:
    """Stop the Airflow that `assurance up` has started in another terminal."""
    was_running = scheduler.down(settings)
    return Result(["Airflow is stopped." if was_running else "Airflow was not running."])


@click.command()
@click.option(
    "--bundle",
    type=FILE,
    help="Start nothing: write the dashboards to this ZIP file, which another Superset can import.",
)
def superset(bundle: Path | None) -> int:
    """Start Superset with the dashboards. Ctrl-C stops it."""
    settings = load_settings()
    if bundle is None:
        from oic_assurance.platform.superset.server import serve

        return serve(settings, click.echo)
    from oic_assurance.reporting.dashboards.bundle import bundle_file

    write_file(bundle, bundle_file(settings.project_root, settings.kind))
    click.echo(f"The dashboards are in {bundle}.")
    return 0

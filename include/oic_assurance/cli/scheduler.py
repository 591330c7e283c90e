"""`assurance up` and `down`: Airflow with its scheduler and web page on this machine."""

import click


@click.command()
def up() -> int:
    """Start the server, api-server, scheduler and dag-processor; stop them all on Ctrl-C."""
    from oic_assurance.platform.airflow.scheduler import up as start_all
    from oic_assurance.settings import load_settings

    return start_all(load_settings(), click.echo)


@click.command()
def down() -> None:
    """Stop what `assurance up` started in another terminal."""
    from oic_assurance.platform.airflow.scheduler import down as stop_all
    from oic_assurance.settings import load_settings

    click.echo("Airflow is stopped." if stop_all(load_settings()) else "Airflow was not running.")

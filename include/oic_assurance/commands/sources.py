"""`assurance sources`: the source systems as the source contract says, empty."""

import click


@click.group()
def sources() -> None:
    """Set up the source systems that stand beside the warehouse."""


@sources.command()
def create() -> None:
    """Make the source databases' tables and the folders at the dropzone; keep what is there."""
    from oic_assurance.pipeline import prepare_warehouse
    from oic_assurance.settings import load_settings
    from oic_assurance.sources.remote import without_credentials
    from simulator.source_systems import create_sources

    settings = load_settings()
    prepare_warehouse(settings)
    create_sources(settings)
    place = without_credentials(settings.dropzone)
    click.echo(f"The sources are there: databases rms and intelligence, files at {place}.")

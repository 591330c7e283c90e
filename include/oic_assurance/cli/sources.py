"""`assurance sources`: create empty source systems, and write the generated files."""

import click

from oic_assurance.cli.group import Group
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.reporting.documents import generated
from oic_assurance.settings import load_settings
from oic_assurance.storage.urls import without_credentials
from simulator.source_systems import create_sources


@click.group(cls=Group)
def sources() -> None:
    """Create empty source systems, and write the files that are generated from declarations."""


@sources.command()
def create() -> None:
    """Create missing tables of the source databases and missing folders of the dropzone.

    Tables and folders that exist are not changed.
    """
    settings = load_settings()
    prepare_warehouse(settings)
    create_sources(settings)
    place = without_credentials(settings.dropzone)
    click.echo(f"The sources exist: databases rms and intelligence, files at {place}.")


@sources.command()
@click.option("--check", is_flag=True, help="Write nothing, and fail if a file is out of date.")
def document(check: bool) -> None:
    """Write the files that are generated from declarations, suites, marts and dashboards."""
    settings = load_settings()
    if check:
        generated.check(settings)
        return
    written = generated.write(settings)
    for place in written:
        click.echo(place)
    click.echo(f"{len(written)} files changed." if written else "Nothing has changed.")

"""`assurance sources`: the source systems, and what is written from their declarations."""

import click


@click.group()
def sources() -> None:
    """Set up the source systems that stand beside the warehouse; document what is declared."""


@sources.command()
def create() -> None:
    """Make the source databases' tables and the folders at the dropzone; keep what is there."""
    from oic_assurance.pipeline import prepare_warehouse
    from oic_assurance.settings import load_settings
    from oic_assurance.sources.files.remote import without_credentials
    from simulator.source_systems import create_sources

    settings = load_settings()
    prepare_warehouse(settings)
    create_sources(settings)
    place = without_credentials(settings.dropzone)
    click.echo(f"The sources are there: databases rms and intelligence, files at {place}.")


@sources.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where a file fell behind.")
def document(check: bool) -> None:
    """Write dbt's sources and the datasets' pages from the declarations."""
    from oic_assurance.reporting.documents import generated
    from oic_assurance.settings import load_settings

    settings = load_settings()
    if check:
        generated.check(settings)
        return
    written = generated.write(settings)
    for place in written:
        click.echo(place)
    click.echo(f"{len(written)} files changed." if written else "Nothing has changed.")

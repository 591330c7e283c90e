"""`assurance sources`: create empty source systems, and write the generated files."""

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Result, Table, columns
from oic_assurance.cli.shown import shows
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.reporting.documents import generated
from oic_assurance.settings import load_settings
from oic_assurance.storage.urls import without_credentials
from simulator.source_systems import create_sources


@click.group(cls=Group)
def sources() -> None:
    """Create empty source systems, and write the files that are generated from declarations."""


@sources.command()
@shows
def create() -> Result:
    """Create missing tables of the source databases and missing folders of the dropzone.

    Tables and folders that exist are not changed.
    """
    settings = load_settings()
    prepare_warehouse(settings)
    create_sources(settings)
    place = without_credentials(settings.dropzone)
    return Result([f"The sources exist: databases rms and intelligence, files at {place}."])


@sources.command()
@click.option("--check", is_flag=True, help="Write nothing, and fail if a file is out of date.")
@shows
def document(check: bool) -> Result:
    """Write the files that are generated from declarations, suites, marts and dashboards."""
    settings = load_settings()
    if check:
        generated.check(settings)
        return Result(["No file is out of date."])
    written = generated.write(settings)
    changed = Table("files", columns("file"), [{"file": str(place)} for place in written])
    return Result(
        [changed, f"{len(written)} files changed." if written else "Nothing has changed."]
    )

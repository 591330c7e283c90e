"""`assurance national`: give the force's published aggregates to the national warehouse."""

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import json_option, show
from oic_assurance.reporting.national.export import export_national
from oic_assurance.reporting.screens.national import export_screen
from oic_assurance.settings import load_settings


@click.group(cls=Group)
def national() -> None:
    """Give the force's published aggregates to the national warehouse."""


@national.command()
@click.option(
    "--to",
    metavar="URL",
    show_default="ASSURANCE_NATIONAL_DROPZONE",
    help="The folder or fsspec URL of the national warehouse's dropzone.",
)
@json_option
def export(to: str | None, as_json: bool) -> None:
    """Write the aggregates of the current publication as files, with a manifest.

    The files are about the force as a whole. No unit, record or pseudonym is in them.
    """
    show(export_national(load_settings(), to or ""), export_screen, as_json=as_json)

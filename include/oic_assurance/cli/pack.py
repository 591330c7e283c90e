"""`assurance pack`, `bundle`, `workbook`, `national`: files with the figures of a publication."""

from datetime import datetime
from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import ID, json_option, required_reason, show
from oic_assurance.landing.exporters import trust as trust_exporter
from oic_assurance.reporting.bundle.make import make_bundle, verify_bundle
from oic_assurance.reporting.national.export import export_national
from oic_assurance.reporting.national.make import make_national_pack
from oic_assurance.reporting.pack.make import make_pack
from oic_assurance.reporting.screens.bundles import bundle_screen, verified_screen
from oic_assurance.reporting.screens.national import export_screen
from oic_assurance.reporting.screens.packs import pack_screen
from oic_assurance.reporting.screens.workbooks import workbook_screen
from oic_assurance.reporting.workbook.make import make_workbook
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.account import account


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    show_default="the day on which the Board last met",
    help="Show changes since this day.",
)
@click.option(
    "--publication",
    type=ID,
    metavar="ID",
    show_default="the current publication",
    help="Make the pack of this publication.",
)
@json_option
def pack(since: datetime | None, publication: int | None, as_json: bool) -> None:
    """Make the assurance pack of a publication, and print the paths of its files.

    There are two files for the Board: an HTML page and a PDF. The national warehouse makes the pack
    in which forces are compared. Figures for the public are released
    with `assurance release make`.
    """
    settings = load_settings()
    if settings.kind == "national":
        made = make_national_pack(settings, publication)
    else:
        made = make_pack(settings, since.date() if since else None, publication)
    show(made, pack_screen, as_json=as_json)


@click.group(cls=Group)
def bundle() -> None:
    """Make a file that proves the figures of a pack, and verify such a file.

    The verification does not need the warehouse.
    """


@bundle.command("make")
@click.option(
    "--publication",
    type=ID,
    metavar="ID",
    show_default="the current publication",
    help="Bundle the pack of this publication.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    show_default="none: the bundle is not signed",
    help="Sign the bundle with this Ed25519 private key, in PEM form.",
)
@json_option
def make(publication: int | None, key: Path | None, as_json: bool) -> None:
    """Make the bundle of a publication.

    A bundle is one ZIP file with the pack and everything that proves its figures.
    """
    show(make_bundle(load_settings(), publication, key), bundle_screen, as_json=as_json)


@bundle.command()
@click.argument("place", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--key-fingerprint",
    default="",
    metavar="SHA256",
    help="Require a signature of the key with this fingerprint.",
)
@json_option
def verify(place: Path, key_fingerprint: str, as_json: bool) -> int:
    """Verify a bundle, and print the result as one sentence.

    FILE is the ZIP file of the bundle, or a folder into which it was unpacked. The exit code is 0
    if the bundle proves its figures, otherwise 1. The bundle contains the same program as
    verify.py, which needs only Python.
    """
    found = verify_bundle(place, key_fingerprint)
    show(found, verified_screen, as_json=as_json)
    return 0 if found.holds else 1


@click.group(cls=Group)
def workbook() -> None:
    """Make an Excel workbook with the figures of a publication."""


@workbook.command("make")
@click.option(
    "--publication",
    type=ID,
    metavar="ID",
    show_default="the current publication",
    help="Make the workbook of this publication.",
)
@json_option
def make_(publication: int | None, as_json: bool) -> None:
    """Make the workbook of a publication, with tables, pivot tables and charts.

    It has what the readers' login sees, and no record. Excel can refresh the workbook of the
    current publication.
    """
    show(make_workbook(load_settings(), publication), workbook_screen, as_json=as_json)


@click.group(cls=Group)
def national() -> None:
    """Give the force's aggregates to the national warehouse, and decide whose it takes."""


@national.command()
@click.option(
    "--to",
    metavar="URL",
    show_default="ASSURANCE_NATIONAL_DROPZONE",
    help="The folder or fsspec URL of the national warehouse's dropzone.",
)
@click.option(
    "--take-over", is_flag=True, help="Replace the files that another deployment has exported."
)
@json_option
def export(to: str | None, take_over: bool, as_json: bool) -> None:
    """Write the aggregates of the current publication as files, with a signed manifest.

    The files are about the force as a whole. No unit, record or pseudonym is in them.
    """
    made = export_national(load_settings(), to or "", take_over=take_over)
    show(made, export_screen, as_json=as_json)


@national.command()
@click.argument("force", metavar="FORCE")
@click.argument("key", metavar="KEY")
@click.option("--reason", metavar="TEXT", help="Who has confirmed the key, and how.")
def trust(force: str, key: str, reason: str | None) -> None:
    """Take the exports of FORCE that are signed with KEY, instead of those of its earlier key.

    This is a command of the national warehouse. `national export` of the force shows its key.
    """
    why = required_reason(reason, "Who has confirmed the key, and how?")
    before = trust_exporter(load_settings(), force, key, account(), why)
    click.echo(
        f"Exports of {force} are taken if the key {key} has signed them. Before: "
        f"{before or 'no key'}. The next run lands what was refused."
    )

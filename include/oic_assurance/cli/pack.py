"""`assurance pack`: files with the figures of a publication, and what proves them."""

from datetime import datetime
from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, columns
from oic_assurance.cli.shared import new_file_option, publication_option, write_file
from oic_assurance.cli.shown import shows
from oic_assurance.reporting.bundle.make import make_bundle, verify_bundle
from oic_assurance.reporting.national.make import make_national_pack
from oic_assurance.reporting.pack.make import make_pack
from oic_assurance.reporting.power_bi.project import NAME, project
from oic_assurance.reporting.workbook.make import make_workbook
from oic_assurance.settings import Settings
from oic_assurance.storage.zipped import zipped


@click.group(cls=Group, default="make")
def pack() -> None:
    """Make the assurance pack, which is what happens without a subcommand, and files beside it."""


@pack.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    show_default="the day on which the Board last met",
    help="Show changes since this day.",
)
@publication_option
@shows
def make(settings: Settings, since: datetime | None, publication_id: int | None) -> Result:
    """Make the assurance pack of a publication, and print the paths of its files.

    There are two files for the Board: an HTML page and a PDF. The national warehouse makes the pack
    in which forces are compared. Figures for the public are released
    with `assurance release make`.
    """
    if settings.kind == "national":
        made = make_national_pack(settings, publication_id)
    else:
        made = make_pack(settings, since.date() if since else None, publication_id)
    return Result([Facts("pack", (), made)])


@pack.command()
@publication_option
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="none: the bundle is not signed",
    help="Sign the bundle with this Ed25519 private key, in PEM form.",
)
@shows
def bundle(settings: Settings, publication_id: int | None, key: Path | None) -> Result:
    """Make the bundle of a publication: a file that proves the figures of its pack.

    A bundle is one ZIP file with the pack and everything that proves its figures. It has no rules
    if this checkout has other rules than the publication.
    """
    return Result(
        [Facts("bundle", (), make_bundle(settings, publication_id, key))],
        next="`assurance pack verify FILE`, or unpack it and run `python3 verify.py`.",
    )


@pack.command()
@click.argument("place", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--key-fingerprint",
    default="",
    metavar="SHA256",
    help="Require a signature of the key with this fingerprint.",
)
@shows
def verify(place: Path, key_fingerprint: str) -> Result:
    """Verify a bundle, and print the result as one sentence. The warehouse is not needed.

    FILE is the ZIP file of the bundle, or a folder into which it was unpacked. The exit code is 0
    if the bundle proves its figures, 3 if it does and nobody signed it, and otherwise 1. The bundle
    contains the same program as verify.py, which needs only Python.
    """
    found = verify_bundle(place, key_fingerprint)
    facts = Facts("verified", columns("-holds", "-is_signed", "-sentence", "-exit_code"), found)
    return Result([found.sentence, facts], exit_code=found.exit_code)


@pack.command()
@publication_option
@shows
def workbook(settings: Settings, publication_id: int | None) -> Result:
    """Make the Excel workbook of a publication, with tables and charts.

    It has what the readers' login sees, and no record.
    """
    return Result([Facts("workbook", (), make_workbook(settings, publication_id))])


@pack.command("power-bi")
@new_file_option
@shows
def power_bi(settings: Settings, path: Path) -> Result:
    """Make the Power BI project, as a ZIP file to unpack where Power BI Desktop is.

    It has the model, its measures and a report, and no data: Power BI reads the publication.
    """
    write_file(path, zipped(project(settings.project_root)))
    return Result([Facts("project", (), {"file": str(path)})], next=f"Unpack it, open {NAME}.pbip.")

"""`assurance release`: make, list and withdraw the releases to the public."""

from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import ID, json_option, required_reason, show
from oic_assurance.publishing.releases import list_releases
from oic_assurance.reporting.national.export import tell_national
from oic_assurance.reporting.release import make as files
from oic_assurance.reporting.screens.releases import (
    MadeRelease,
    Releases,
    WithdrawnRelease,
    made_screen,
    releases_screen,
    withdrawn_screen,
)
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.account import account

to_option = click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    show_default="releases/release-ID in the state folder",
    help="The folder for the files. It must be empty or not exist yet.",
)


@click.group(cls=Group)
def release() -> None:
    """Make, list and withdraw releases. Figures reach the public only in a release."""


@release.command()
@click.option(
    "--publication",
    "publication_id",
    type=ID,
    metavar="ID",
    show_default="the current publication",
    help="The publication that the release is made from.",
)
@click.option("--because", metavar="TEXT", help="Why the figures are released. It is recorded.")
@to_option
@json_option
def make(publication_id: int | None, because: str | None, to: Path | None, as_json: bool) -> None:
    """Release, as files, the figures of a publication that may be given to the public."""
    why = required_reason(because, "Why are the figures released now?")
    made = files.make(load_settings(), publication_id, why, account(), to)
    show(MadeRelease.of(made), made_screen, as_json=as_json)
    tell_national(load_settings())


@release.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all releases, the newest first. A star marks the newest one that is not withdrawn."""
    show(Releases(list_releases(load_settings())), releases_screen, as_json=as_json)


@release.command()
@click.argument("release_id", metavar="ID", type=ID)
@click.option("--because", metavar="TEXT", help="Why. Readers of the release see it.")
@json_option
def withdraw(release_id: int, because: str | None, as_json: bool) -> None:
    """Withdraw release ID, and put a note about that next to its files.

    The files are not deleted. Copies that the public already has cannot be recalled.
    """
    why = required_reason(because, "Why is it withdrawn?")
    done, note = files.withdraw(load_settings(), release_id, why, account())
    show(WithdrawnRelease(done, note), withdrawn_screen, as_json=as_json)
    tell_national(load_settings())


@release.command("files")
@click.argument("release_id", metavar="ID", type=ID)
@to_option
@json_option
def files_(release_id: int, to: Path | None, as_json: bool) -> None:
    """Write the files of release ID again, for example after an interruption.

    The files have the same bytes as when the release was made.
    """
    done = files.write_again(load_settings(), release_id, to)
    show(MadeRelease.of(done), made_screen, as_json=as_json)

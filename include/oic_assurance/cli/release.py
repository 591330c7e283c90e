"""`assurance release`: figures for the public, and aggregates for the national warehouse."""

from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import ID, publication_option, reason_option, required_reason
from oic_assurance.cli.shown import shows
from oic_assurance.landing.national.exporters import decide_membership
from oic_assurance.landing.national.exporters import trust as trust_exporter
from oic_assurance.publishing.releases import Release, list_releases
from oic_assurance.reporting.national.export import export_national, tell_national
from oic_assurance.reporting.release import make as files
from oic_assurance.reporting.release.wording import announced
from oic_assurance.settings import Settings, force_areas
from oic_assurance.state.read import rows, state_session
from oic_assurance.warehouse.account import account

to_option = click.option(
    "--to",
    type=click.Path(path_type=Path),
    show_default="releases/release-ID in the state folder",
    help="An empty or a new folder for the files.",
)


@click.group(cls=Group)
def release() -> None:
    """Release figures to the public, and give aggregates to the national warehouse.

    Figures reach the public only in a release.
    """


@release.command()
@publication_option
@reason_option
@to_option
@click.option("--draft", is_flag=True, help="Write the files as a draft, and release nothing.")
@shows
def make(
    settings: Settings, publication_id: int | None, reason: str | None, to: Path | None, draft: bool
) -> Result:
    """Release, as files, the figures of a publication that may be given to the public."""
    if draft:
        look = files.make(settings, publication_id, "a look", account(), to, is_draft=True)
        told = f"A draft is in {look.folder}. Each page and sheet says so, and nothing is released."
        return Result([told])
    why = required_reason(reason, "Why are the figures released now?")
    made = files.make(settings, publication_id, why, account(), to)
    tell_national(settings)
    return _made(made)


@release.command("list")
@shows
def list_(settings: Settings) -> Result:
    """List all releases, the newest first, with the newest one that is not withdrawn."""
    found = list_releases(settings)
    standing = [one.release_id for one in found if one.withdrawn_at is None][:1]
    releases = Table(
        "releases",
        columns(
            *("release_id=release", "publication_id=publication", "made_at=made"),
            *("is_standing=current", "because=reason", ">withdrawn_at=withdrawn"),
            *(">withdrawn_because=because", "-*"),
        ),
        [{**vars(one), "is_standing": one.release_id in standing} for one in found],
        empty="No release has been made: `assurance release make --reason …` makes one.",
    )
    interrupted = (
        f"The files of release {one.release_id} are not in place, because it was interrupted: "
        f"run `assurance release files {one.release_id}`."
        for one in found
        if not one.placed_at and not one.withdrawn_at
    )
    return Result([releases, *interrupted])


@release.command()
@click.argument("release_id", metavar="ID", type=ID)
@click.option("--reason", metavar="TEXT", help="Why. Readers of the release see it.")
@shows
def withdraw(settings: Settings, release_id: int, reason: str | None) -> Result:
    """Withdraw release ID, and put a note about that next to its files.

    The files are not deleted. Copies that the public already has cannot be recalled.
    """
    why = required_reason(reason, "Why is it withdrawn?")
    done, note = files.withdraw(settings, release_id, why, account())
    tell_national(settings)
    told = (
        f"Release {release_id} is withdrawn. Published files cannot be recalled: say it where they "
        "were published. Later releases are still compared with their figures."
    )
    return Result([_facts(done, note=note), told])


@release.command("files")
@click.argument("release_id", metavar="ID", type=ID)
@to_option
@shows
def files_(settings: Settings, release_id: int, to: Path | None) -> Result:
    """Write the files of release ID again, for example after an interruption.

    The files have the same bytes as when the release was made.
    """
    return _made(files.write_again(settings, release_id, to))


@release.command()
@click.option(
    "--to",
    metavar="URL",
    default="",
    show_default="ASSURANCE_NATIONAL_DROPZONE",
    help="The folder or fsspec URL of the national warehouse's dropzone.",
)
@click.option("--take-over", is_flag=True, help="Replace what another deployment has exported.")
@shows
def national(settings: Settings, to: str, take_over: bool) -> Result:
    """Write the aggregates of the current publication for the national warehouse.

    The files are about the force as a whole. No unit, record or pseudonym is in them. The manifest
    is signed with a key that the national warehouse trusts.
    """
    made = export_national(settings, to, take_over=take_over)
    export = columns("publication_id=publication", "as_at", "place", "key", "-day")
    of_files = columns("name=file", "rows:number", "-sha256")
    return Result([Facts("export", export, made), Table("files", of_files, made.files)])


@release.command()
@click.argument("force")
@click.argument("key")
@click.option("--reason", metavar="TEXT", help="Who has confirmed the key, and how.")
@shows
def trust(settings: Settings, force: str, key: str, reason: str | None) -> Result:
    """Take the exports of FORCE that are signed with KEY, instead of those of its earlier key.

    This is a command of the national warehouse. `release national` of the force shows its key.
    """
    why = required_reason(reason, "Who has confirmed the key, and how?")
    before = trust_exporter(settings, force, key, account(), why)
    return Result(
        [
            f"Exports of {force} are taken if the key {key} has signed them. Before: "
            f"{before or 'no key'}. The next run lands what was refused."
        ]
    )


@release.command("withdraw-force")
@click.argument("force")
@click.option("--reason", metavar="TEXT", help="Why. Readers of the national view see it.")
@shows
def withdraw_force(settings: Settings, force: str, reason: str | None) -> Result:
    """Withdraw FORCE from the national view: its rows are not used, and its exports not taken.

    This is a command of the national warehouse. Raw keeps the rows, from which earlier publications
    were computed.
    """
    why = required_reason(reason, "Why does the force leave the national view?")
    decide_membership(settings, force, account(), why, withdraws=True)
    told = (
        f"{force_areas()[force]} ({force}) is withdrawn from the national view. Readers see it "
        "until the next run, and its figures are in earlier publications."
    )
    return Result([told], next="`assurance run` makes the view without it.")


@release.command("readmit-force")
@click.argument("force")
@click.option("--reason", metavar="TEXT", help="Why. It is kept on record.")
@shows
def readmit_force(settings: Settings, force: str, reason: str | None) -> Result:
    """Take FORCE into the national view again, with what it has exported and will export.

    This is a command of the national warehouse.
    """
    why = required_reason(reason, "Why does the force report again?")
    decide_membership(settings, force, account(), why, withdraws=False)
    told = (
        f"{force_areas()[force]} ({force}) belongs to the national view again. The next run lands "
        "the exports that were not taken. Until then, its last export counts."
    )
    return Result([told])


@release.command()
@shows
def forces(settings: Settings) -> Result:
    """List the forces that have exported, and every decision to withdraw or readmit one.

    This is a command of the national warehouse.
    """
    with state_session(settings) as warehouse:
        exported = rows(
            warehouse, "select * from state.exporting_force order by reporting_force_code"
        )
        decisions = rows(warehouse, "select * from audit.national_membership order by decision_id")
    names = force_areas()
    shown = columns(
        *("reporting_force_code=code", "name", "rows:number", "exported_for:day"),
        *("withdrawn_at:moment", ">withdrawn_because=because"),
    )
    named = [{"name": names.get(one["reporting_force_code"]), **one} for one in exported]
    decided = columns(
        "reporting_force_code=code", "decision", "decided_at", "decided_by", ">reason", "-*"
    )
    return Result(
        [
            Table("forces", shown, named, empty="No force has exported yet."),
            Table("decisions", decided, decisions, "Decisions"),
        ]
    )


def _made(made: Release) -> Result:
    return Result([_facts(made), announced(made)])


def _facts(made: Release, **more: object) -> Facts:
    shown = columns(
        *("note", "release_id=release", "publication_id=publication", "as_at", "folder"),
        *("sums_sha256=SHA256SUMS", "-*"),
    )
    return Facts("release", shown, {"note": None, **vars(made), **more})

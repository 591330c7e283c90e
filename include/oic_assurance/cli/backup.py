"""`assurance backup`: make encrypted back-ups, check them, restore one, prove that it works."""

from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import json_option, show
from oic_assurance.errors import UsageError
from oic_assurance.settings import load_settings

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
recipient_option = click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="KEY",
    help="An age public key, in addition to those in ASSURANCE_BACKUP_RECIPIENTS.",
)


@click.group(cls=Group)
def backup() -> None:
    """Make encrypted back-ups of the warehouse and the archive, and restore them."""


@backup.command()
@click.option(
    "--to",
    required=True,
    envvar="ASSURANCE_BACKUPS",
    metavar="FOLDER",
    type=_FOLDER,
    help="Where to store it. The default is ASSURANCE_BACKUPS.",
)
@recipient_option
@click.option("--unencrypted", is_flag=True, help="Do not encrypt. Every record is then readable.")
def make(to: Path, recipients: tuple[str, ...], unencrypted: bool) -> int:
    """Back up the warehouse and the archive, in a new folder inside FOLDER.

    The back-up does not contain the secrets. Back them up with `assurance backup secrets`, to
    another place. The exit code is 1 if an archived file is missing.
    """
    from oic_assurance.operations.backup.make import make_backup, recipients_of

    keys = recipients_of(recipients, unencrypted=unencrypted)
    made = make_backup(load_settings(), to, keys)
    size = sum(part.size_bytes for part in made.manifest.parts)
    click.echo(f"{made.folder}: {made.manifest.batches} archived batches, {size / 1e6:,.1f} MB.")
    click.echo(f"SHA-256 {made.sha256}")
    click.echo("Note the SHA-256 elsewhere: `restore --sha256` recognises the back-up by it.")
    for name in made.manifest.missing:
        click.echo(f"missing: {name}: see `assurance batch verify`.", err=True)
    return 1 if made.manifest.missing else 0


@backup.command()
@click.option("--to", "path", required=True, metavar="FILE", type=_FILE, help="The new file.")
@recipient_option
def secrets(path: Path, recipients: tuple[str, ...]) -> None:
    """Back up the secrets of the state folder, encrypted, in one file.

    Keep the file apart from the back-ups. Anybody who has the file, a back-up and the private key
    can read everything.
    """
    from oic_assurance.operations.backup.make import make_secrets, recipients_of

    names = make_secrets(load_settings(), path, recipients_of(recipients, unencrypted=False))
    click.echo(f"Secrets backed up: {', '.join(names)}.")


@backup.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the back-ups that were made here, the newest first, and which were proven."""
    from oic_assurance.operations.backup.record import recorded_backups
    from oic_assurance.reporting.screens.backups import Backups, backups_screen

    show(Backups(recorded_backups(load_settings())), backups_screen, as_json=as_json)


@backup.command()
@click.argument("folder", type=_FOLDER, required=False)
def verify(folder: Path | None) -> None:
    """Compare the files of the back-up in FOLDER with their hashes. This needs no key.

    The default is the newest back-up. Only a drill shows that a back-up can be restored.
    """
    from oic_assurance.operations.backup.record import newest_backup, verify_backup

    settings = load_settings()
    place = folder or Path(newest_backup(settings).folder)
    found = verify_backup(settings, place)
    click.echo(
        f"{place}: {len(found.parts)} files are as they were made, {found.made_at:%d %b %Y}."
    )


@backup.command()
@click.argument("folder", type=_FOLDER, required=False)
@click.option(
    "--key",
    envvar="ASSURANCE_DRILL_KEY",
    metavar="FILE",
    type=_FILE,
    help="The file with a private key. The default is ASSURANCE_DRILL_KEY.",
)
@click.option(
    "--secrets",
    envvar="ASSURANCE_DRILL_SECRETS",
    metavar="FILE",
    type=_FILE,
    help="The file of `backup secrets`. The default is ASSURANCE_DRILL_SECRETS.",
)
@click.option(
    "--physical",
    is_flag=True,
    help="The last physical back-up, in a deployment with ASSURANCE_DRILL_PLACE.",
)
@json_option
def drill(
    folder: Path | None, key: Path | None, secrets: Path | None, physical: bool, as_json: bool
) -> int:
    """Prove that the back-up in FOLDER can be restored. The default is the newest back-up.

    It is restored to a scratch place in the state folder, with a server of its own. There, raw is
    compared with the archive, and the current publication is computed again. The result is
    recorded. The exit code is 1 if the restore is not proven.
    """
    from oic_assurance.operations.backup.drill import Options, drill, drill_physical
    from oic_assurance.operations.backup.physical import drill_place
    from oic_assurance.operations.backup.record import newest_backup
    from oic_assurance.reporting.screens.backups import drill_screen

    settings = load_settings()
    if physical:
        shared = drill_place()
        if shared is None or folder is not None:
            raise UsageError("--physical needs ASSURANCE_DRILL_PLACE, and no FOLDER.")
        done = drill_physical(settings, shared, _say)
    else:
        place = folder or Path(newest_backup(settings).folder)
        done = drill(settings, place, Options(key, secrets), _say)
    show(done, drill_screen, as_json=as_json)
    return 0 if done.is_proven else 1


def _say(step: str) -> None:
    click.echo(step, err=True)


@backup.command()
@click.argument("folder", type=_FOLDER)
@click.option("--key", metavar="FILE", type=_FILE, help="The file with the private key.")
@click.option("--secrets", metavar="FILE", type=_FILE, help="The file that `backup secrets` made.")
@click.option("--sha256", metavar="HASH", help="The SHA-256 that `backup make` printed.")
@click.option("--without-keys", is_flag=True, help="Restore even though the secrets are lost.")
def restore(
    folder: Path, key: Path | None, secrets: Path | None, sha256: str | None, without_keys: bool
) -> None:
    """Restore the back-up in FOLDER into an empty state folder, and migrate the warehouse."""
    from oic_assurance import pipeline
    from oic_assurance.cli.publication import readers_see
    from oic_assurance.cli.result import Result
    from oic_assurance.cli.shown import as_text
    from oic_assurance.operations.backup.restore import Options, restore_backup
    from oic_assurance.warehouse.encryption import read_identities

    settings = load_settings()
    identities = read_identities(key, "--key") if key else ()
    options = Options(identities, secrets, sha256, without_keys)
    manifest = restore_backup(settings, folder, options)
    click.echo(f"Restored: the warehouse and {manifest.batches} archived batches as at")
    click.echo(f"{manifest.made_at}. Check them with `assurance batch verify`, and repeat the")
    click.echo("erasures and the changes to access that were made after the back-up.")
    pipeline.tell_what_is_current(settings)
    click.echo(as_text(Result(readers_see(settings))), nl=False)


@backup.command("set-aside")
def set_aside_() -> None:
    """Set aside the archived files that the warehouse does not know.

    Run this command after the database was restored to an earlier moment, and before the next run.
    The archive then has deliveries of which no batch is on record. They are moved to the folder
    `set-aside` in the state folder.
    """
    from oic_assurance.formats import count
    from oic_assurance.operations.backup.set_aside import set_aside

    moved = set_aside(load_settings())
    for path in moved:
        click.echo(str(path))
    click.echo(f"{count(len(moved), 'archived file')} set aside.")

"""`assurance backup`: make encrypted back-ups, check them, restore one, prove that it works."""

import os
from datetime import datetime
from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import tell
from oic_assurance.cli.shown import shows
from oic_assurance.errors import UsageError
from oic_assurance.formats import count, day, moment
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
@shows
def make(to: Path, recipients: tuple[str, ...], unencrypted: bool) -> Result:
    """Back up the warehouse and the archive, in a new folder inside FOLDER.

    The back-up does not contain the secrets. Back them up with `assurance backup secrets`, to
    another place. The exit code is 1 if an archived file is missing.
    """
    from oic_assurance.operations.backup.make import make_backup, recipients_of

    keys = recipients_of(recipients, unencrypted=unencrypted)
    made = make_backup(load_settings(), to, keys)
    row = {
        "folder": made.folder,
        "sha256": made.sha256,
        "batches": made.manifest.batches,
        "size_bytes": sum(part.size_bytes for part in made.manifest.parts),
    }
    what = columns("folder", "sha256=SHA-256", "batches:number", "size_bytes:size=size")
    missing = Table(
        "missing",
        columns("file=archived files that are missing: see `assurance batch verify`"),
        [{"file": name} for name in made.manifest.missing],
    )
    return Result(
        [Facts("backup", what, row), missing],
        next="note the SHA-256 elsewhere: `restore --sha256` recognises the back-up by it.",
        exit_code=int(bool(missing.rows)),
    )


@backup.command()
@click.option("--to", "path", required=True, metavar="FILE", type=_FILE, help="The new file.")
@recipient_option
@shows
def secrets(path: Path, recipients: tuple[str, ...]) -> Result:
    """Back up the secrets of the state folder, encrypted, in one file.

    Keep the file apart from the back-ups. Anybody who has the file, a back-up and the private key
    can read everything.
    """
    from oic_assurance.operations.backup.make import make_secrets, recipients_of

    names = make_secrets(load_settings(), path, recipients_of(recipients, unencrypted=False))
    return Result([f"Secrets backed up: {', '.join(names)}."])


@backup.command("list")
@shows
def list_() -> Result:
    """List the back-ups that were made here, the newest first, and which were proven."""
    from oic_assurance.operations.backup.record import recorded_backups

    table = Table(
        "backups",
        columns(
            *("made_at:moment=made", "size_bytes:size=size", "batches:number", "missing:number"),
            *("is_encrypted:yes=encrypted", "proven_at:moment=restore proven"),
            *("is_there:yes=there", "folder", "-sha256", "-parts"),
        ),
        recorded_backups(load_settings()),
        empty="No back-up was made: `assurance backup make --to FOLDER` makes one.",
    )
    return Result([table])


@backup.command()
@click.argument("folder", type=_FOLDER, required=False)
@shows
def verify(folder: Path | None) -> Result:
    """Compare the files of the back-up in FOLDER with their hashes. This needs no key.

    The default is the newest back-up. Only a drill shows that a back-up can be restored.
    """
    from oic_assurance.operations.backup.record import newest_backup, verify_backup

    settings = load_settings()
    place = folder or Path(newest_backup(settings).folder)
    found = verify_backup(settings, place)
    made = day(found.made_at)
    return Result([f"{place}: {len(found.parts)} files are as they were made, {made}."])


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
@shows
def drill(folder: Path | None, key: Path | None, secrets: Path | None, physical: bool) -> Result:
    """Prove that the back-up in FOLDER can be restored. The default is the newest back-up.

    It is restored to a scratch place in the state folder, with a server of its own. There, raw is
    compared with the archive, and the current publication is computed again. The result is
    recorded. The exit code is 1 if the restore is not proven.
    """
    from oic_assurance.operations.backup.drill import Options, drill, drill_physical
    from oic_assurance.operations.backup.physical import drill_place
    from oic_assurance.operations.backup.record import newest_backup

    settings = load_settings()
    if physical:
        shared = drill_place()
        if shared is None or folder is not None:
            raise UsageError("--physical needs ASSURANCE_DRILL_PLACE, and no FOLDER.")
        done = drill_physical(settings, shared, tell)
    else:
        place = folder or Path(newest_backup(settings).folder)
        done = drill(settings, place, Options(key, secrets), tell)
    what = columns(
        *("is_proven:yes=restore proven", "failure", "backup_made_at:moment=back-up of"),
        *("sha256=SHA-256", "started_at:moment=began", "-finished_at", "seconds:seconds=took"),
        *("batches:number=batches equal", "publication_id=publication"),
        *("publication_as_at:moment=as at", "content_fingerprint=fingerprint"),
    )
    return Result([Facts("drill", what, done)], exit_code=int(not done.is_proven))


@backup.command()
@click.argument("folder", type=_FOLDER)
@click.option("--key", metavar="FILE", type=_FILE, help="The file with the private key.")
@click.option("--secrets", metavar="FILE", type=_FILE, help="The file that `backup secrets` made.")
@click.option("--sha256", metavar="HASH", help="The SHA-256 that `backup make` printed.")
@click.option("--without-keys", is_flag=True, help="Restore even though the secrets are lost.")
@shows
def restore(
    folder: Path, key: Path | None, secrets: Path | None, sha256: str | None, without_keys: bool
) -> Result:
    """Restore the back-up in FOLDER into an empty state folder, and migrate the warehouse."""
    from oic_assurance import pipeline
    from oic_assurance.cli.publication import readers_see
    from oic_assurance.cli.result import Result
    from oic_assurance.operations.backup.restore import Options, restore_backup
    from oic_assurance.warehouse.encryption import read_identities

    settings = load_settings()
    identities = read_identities(key, "--key") if key else ()
    options = Options(identities, secrets, sha256, without_keys)
    manifest = restore_backup(settings, folder, options)
    pipeline.tell_what_is_current(settings)
    return Result(
        [
            f"Restored: the warehouse and {manifest.batches:,} archived batches as at "
            f"{moment(datetime.fromisoformat(manifest.made_at))}.",
            *readers_see(settings),
        ],
        next="check them with `assurance batch verify`, and repeat the erasures and the changes to "
        "access that were made after the back-up.",
    )


@backup.command("set-aside")
@shows
def set_aside_() -> Result:
    """Set aside the archived files that the warehouse does not know.

    Run this command after the database was restored to an earlier moment, and before the next run.
    The archive then has deliveries of which no batch is on record. They are moved to the folder
    `set-aside` in the state folder.
    """
    from oic_assurance.operations.backup.set_aside import set_aside

    moved = set_aside(load_settings())
    paths = Table("set_aside", [], [{"path": path} for path in moved])
    return Result([paths, f"{count(len(moved), 'archived file')} set aside."])


@backup.command("new-key")
@click.option(
    "--to",
    "path",
    required=True,
    metavar="FILE",
    type=_FILE,
    help="The new file with the private key. Only its owner can read it.",
)
@shows
def new_key(path: Path) -> Result:
    """Make an age key, for the archive or for back-ups, and print its public key.

    Keep the file apart from the state folder and from the back-ups. Without this file, everything
    that was encrypted with the key is lost.
    """
    from oic_assurance.warehouse.encryption import new_identity

    identity = new_identity()
    public = str(identity.to_public())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"{path} cannot be created: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{identity}\n")
    return Result([public])

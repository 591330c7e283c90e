"""`assurance backup`: make encrypted back-ups, check them, restore one, prove that it works."""

import os
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import FILE, new_file_option, tell
from oic_assurance.cli.shown import shows
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.formats import count, day, moment
from oic_assurance.settings import Settings

_FOLDER = click.Path(path_type=Path, file_okay=False)
key_option = partial(click.option, "--key", type=FILE, help="The file with the private key.")
secrets_option = partial(click.option, "--secrets", type=FILE, help="From `backup secrets`.")
_BACKUP = columns(
    *("made_at", "size_bytes:size=size", "batches:number", "missing:number", "is_encrypted"),
    *("proven_at=restore proven", "is_there=seen here", "folder", "sha256=SHA-256", "-parts"),
)
recipient_option = click.option(
    "--recipient", "recipients", multiple=True, metavar="KEY", help="A further age public key."
)


def _record_that_it_is_seen(settings: Settings) -> None:
    """Check the newest back-up. Perhaps only this container sees the folder of back-ups.

    If this fails, the command is done nevertheless.
    """
    from oic_assurance.operations.doctor.checks import measure, record
    from oic_assurance.operations.doctor.registry import BACKUP

    with suppress(AssuranceError):
        record(settings, measure(settings, [BACKUP]))


@click.group(cls=Group)
def backup() -> None:
    """Make encrypted back-ups of the warehouse and the archive, and restore them."""


@backup.command()
@click.option(
    "--to", required=True, envvar="ASSURANCE_BACKUPS", show_envvar=True, type=_FOLDER, help="Where."
)
@recipient_option
@click.option("--unencrypted", is_flag=True, help="Do not encrypt. Every record is then readable.")
@shows
def make(settings: Settings, to: Path, recipients: tuple[str, ...], unencrypted: bool) -> Result:
    """Back up the warehouse and the archive, in a new folder inside the directory `--to`.

    The back-up does not contain the secrets. Back them up with `assurance backup secrets`, to
    another place. The exit code is 1 if an archived file is missing.
    """
    from oic_assurance.operations.backup.make import make_backup, recipients_of
    from oic_assurance.operations.backup.record import recorded_backups

    made = make_backup(settings, to, recipients_of(recipients, unencrypted=unencrypted))
    _record_that_it_is_seen(settings)
    recorded = next(one for one in recorded_backups(settings) if one.sha256 == made.sha256)
    missing = [{"file": name} for name in made.manifest.missing]
    return Result(
        [
            Facts("backup", _BACKUP, recorded),
            Table("missing", (), missing, "Missing in the archive"),
        ],
        next="note the SHA-256 elsewhere: `restore --sha256` recognises the back-up by it.",
        exit_code=int(bool(missing)),
    )


@backup.command()
@new_file_option
@recipient_option
@shows
def secrets(settings: Settings, path: Path, recipients: tuple[str, ...]) -> Result:
    """Back up the secrets of the state folder, encrypted, in one file.

    Keep the file apart from the back-ups. Anybody who has the file, a back-up and the private key
    can read everything.
    """
    from oic_assurance.operations.backup.make import make_secrets, recipients_of

    names = make_secrets(settings, path, recipients_of(recipients, unencrypted=False))
    return Result([f"Secrets backed up: {', '.join(names)}."])


@backup.command("list")
@shows
def list_(settings: Settings) -> Result:
    """List the back-ups that were made here, the newest first, and which were proven."""
    from oic_assurance.operations.backup.record import recorded_backups

    empty = "No back-up was made: `assurance backup make --to FOLDER` makes one."
    return Result([Table("backups", _BACKUP, recorded_backups(settings), empty=empty)])


@backup.command()
@click.argument("folder", type=_FOLDER, required=False)
@shows
def verify(settings: Settings, folder: Path | None) -> Result:
    """Compare the files of the back-up in FOLDER with their hashes. This needs no key.

    The default is the newest back-up. Only a drill shows that a back-up can be restored.
    """
    from oic_assurance.operations.backup.record import newest_backup, verify_backup

    place = folder or Path(newest_backup(settings).folder)
    found = verify_backup(settings, place)
    _record_that_it_is_seen(settings)
    return Result([f"{place}: {len(found.parts)} files are unchanged since {day(found.made_at)}."])


@backup.command()
@click.argument("folder", type=_FOLDER, required=False)
@key_option(envvar="ASSURANCE_DRILL_KEY", show_envvar=True)
@secrets_option(envvar="ASSURANCE_DRILL_SECRETS", show_envvar=True)
@click.option("--physical", is_flag=True, help="Prove the last physical back-up instead.")
@shows
def drill(
    settings: Settings, folder: Path | None, key: Path | None, secrets: Path | None, physical: bool
) -> Result:
    """Prove that the back-up in FOLDER can be restored. The default is the newest back-up.

    It is restored to a scratch place in the state folder, with a server of its own. There, raw is
    compared with the archive, and the current publication is computed again. The result is
    recorded. The exit code is 1 if the restore is not proven.
    """
    from oic_assurance.operations.backup.drill import Options, drill, drill_physical
    from oic_assurance.operations.backup.physical import drill_place
    from oic_assurance.operations.backup.record import newest_backup

    if physical:
        shared = drill_place()
        if shared is None or folder is not None:
            raise UsageError("--physical needs ASSURANCE_DRILL_PLACE, and no FOLDER.")
        done = drill_physical(settings, shared, tell)
    else:
        place = folder or Path(newest_backup(settings).folder)
        done = drill(settings, place, Options(key, secrets), tell)
    what = columns(
        *("is_proven=restore proven", "failure", "backup_made_at=back-up of", "sha256=SHA-256"),
        *("started_at", "-finished_at", "seconds:seconds=took", "batches:number=batches equal"),
        *("publication_id", "publication_as_at", "content_fingerprint"),
    )
    return Result([Facts("drill", what, done)], exit_code=int(not done.is_proven))


@backup.command()
@click.argument("folder", type=_FOLDER)
@key_option()
@secrets_option()
@click.option("--sha256", metavar="HASH", help="The SHA-256 that `backup make` printed.")
@click.option("--without-keys", is_flag=True, help="Restore even though the secrets are lost.")
@shows
def restore(
    settings: Settings,
    folder: Path,
    key: Path | None,
    secrets: Path | None,
    sha256: str | None,
    without_keys: bool,
) -> Result:
    """Restore the back-up in FOLDER into an empty state folder, and migrate the warehouse."""
    from oic_assurance import pipeline
    from oic_assurance.cli.publication import readers_see
    from oic_assurance.operations.backup.restore import Options, restore_backup
    from oic_assurance.warehouse.encryption import read_identities

    identities = read_identities(key, "--key") if key else ()
    manifest = restore_backup(settings, folder, Options(identities, secrets, sha256, without_keys))
    as_at = moment(datetime.fromisoformat(manifest.made_at))
    pipeline.tell_what_is_current(settings)
    return Result(
        [
            f"Restored: the warehouse and {manifest.batches:,} archived batches as at {as_at}.",
            *readers_see(settings),
        ],
        next="check them with `assurance batch verify`, and repeat the erasures and the changes to "
        "access that were made after the back-up.",
    )


@backup.command("set-aside")
@shows
def set_aside_(settings: Settings) -> Result:
    """Set aside the archived files that the warehouse does not know.

    Run this command after the database was restored to an earlier moment, and before the next run.
    The archive then has deliveries of which no batch is on record. They are moved to the folder
    `set-aside` in the state folder.
    """
    from oic_assurance.operations.backup.set_aside import set_aside

    moved = [{"path": path} for path in set_aside(settings)]
    said = f"{count(len(moved), 'archived file')} set aside."
    return Result([Table("set_aside", (), moved), said])


@backup.command("new-key")
@new_file_option
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
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"# public key: {public}\n{identity}\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be created: {error.strerror}.") from error
    return Result([public])

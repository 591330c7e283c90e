"""`assurance backup`: make an encrypted back-up, and restore one."""

from pathlib import Path

import click

from oic_assurance.cli.group import Group
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
    """Make an encrypted back-up of the warehouse and the archive, and restore one."""


@backup.command()
@click.option("--to", required=True, metavar="FOLDER", type=_FOLDER, help="Where to store it.")
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
    from oic_assurance.operations.backup.restore import Options, restore_backup
    from oic_assurance.warehouse.encryption import read_identities

    identities = read_identities(key, "--key") if key else ()
    options = Options(identities, secrets, sha256, without_keys)
    manifest = restore_backup(load_settings(), folder, options)
    click.echo(f"Restored: the warehouse and {manifest.batches} archived batches as at")
    click.echo(f"{manifest.made_at}. Check them with `assurance batch verify`, and repeat the")
    click.echo("erasures and the changes to access that were made after the back-up.")

"""`assurance archive`: make a key, and encrypt the archive of deliveries with it."""

import os
from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.errors import UsageError
from oic_assurance.settings import load_settings


@click.group(cls=Group)
def archive() -> None:
    """Make a key, and encrypt the archive of deliveries with it."""


@archive.command("new-key")
@click.option(
    "--to",
    "path",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The new file with the private key. Only its owner can read it.",
)
def new_key(path: Path) -> None:
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
    click.echo(public)


@archive.command()
@click.option("--again", is_flag=True, help="Encrypt all files again, with the first key.")
def encrypt(again: bool) -> None:
    """Encrypt the archived files that are not encrypted yet, with ASSURANCE_ARCHIVE_KEY."""
    from oic_assurance.operations.encrypt_archive import encrypt_archive

    total = 0
    for dataset, count in encrypt_archive(load_settings(), again=again):
        total += count
        if count:
            click.echo(f"{dataset}: {count}")
    click.echo(f"Archived files encrypted: {total}.")

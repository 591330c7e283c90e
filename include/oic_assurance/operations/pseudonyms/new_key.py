"""The new key of a re-keying: given in an environment variable, or generated into the state folder.

A generated key waits in the file `pseudonym_key.next` until every table has the new pseudonyms.
Then it replaces the file `pseudonym_key`, and the earlier key is gone.
"""

import os
from dataclasses import dataclass

import psycopg

from oic_assurance.errors import ServerError, UsageError
from oic_assurance.landing.pseudonyms import SECRET, KeyVersion, is_key_of
from oic_assurance.settings import Settings
from oic_assurance.warehouse.secrets import check_strength, secret, variable_name

DRAFT = f"{SECRET}.next"


@dataclass(frozen=True)
class NewKey:
    """A new key, and whether it was generated in the state folder."""

    value: str
    is_generated: bool


def choose_key(settings: Settings, connection: psycopg.Connection, current: KeyVersion) -> NewKey:
    """Return the key that the environment variable gives or, if it is unset, a generated key.

    A key that an interrupted call generated is used again.

    Raises:
        UsageError: The given key is too weak, or it is the key of the current version.
        ServerError: The generated key cannot be stored.
    """
    given = os.environ.get(variable_name(SECRET), "")
    if not given:
        return NewKey(secret(settings, DRAFT), is_generated=True)
    check_strength(variable_name(SECRET), given)
    if is_key_of(connection, current, given):
        raise UsageError(
            f"{variable_name(SECRET)} still has the key of version {current.version}: give the new "
            "key there, or unset it to have a key generated."
        )
    return NewKey(given, is_generated=False)


def install_key(settings: Settings, *, is_generated: bool) -> None:
    """Replace the earlier key in its file with the new key.

    If an environment variable has the new key, the file is deleted instead.

    Raises:
        ServerError: The file cannot be replaced or deleted.
    """
    folder = settings.secrets_dir
    draft, stored = folder / DRAFT, folder / SECRET
    try:
        if not is_generated:
            stored.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
        elif draft.exists():
            draft.replace(stored)
        if folder.is_dir():
            _sync(str(folder))
    except OSError as error:
        raise ServerError(
            f"The earlier key cannot be removed from {folder}: {error.strerror}. Mend that and run "
            "`assurance access rekey` again."
        ) from error


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Read passwords and keys (secrets) from the environment or from files in the state folder.

A secret that is in neither place is generated once and stored in the state folder.
"""

import os
import secrets
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder


def variable_name(name: str) -> str:
    """Return the name of the environment variable that overrides the stored secret `name`."""
    return f"ASSURANCE_{name.upper()}"


def secret(settings: Settings, name: str) -> str:
    """Return the secret called `name`. If it does not exist yet, generate and store it first.

    Raises:
        ServerError: The secret cannot be read or stored, or is empty.
    """
    known = find_secret(settings, name)
    return known if known is not None else _generate(settings, name)


def find_secret(settings: Settings, name: str) -> str | None:
    """Return the secret called `name`, or None if it does not exist.

    Raises:
        ServerError: The secret cannot be read, or is empty.
    """
    given = os.environ.get(variable_name(name), "")
    if given:
        return given
    path = settings.secrets_dir / name
    try:
        stored = path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(f"The secret {path} cannot be read: {_reason(error)}.") from error
    if not stored:
        raise ServerError(f"The secret {path} is empty: restore it from a backup.")
    return stored


def _generate(settings: Settings, name: str) -> str:
    folder = settings.secrets_dir
    value = secrets.token_urlsafe(32)
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        private_folder(settings, folder).chmod(0o700)
        _write_private(draft, value)
        try:
            # Two processes can generate the same secret at the same time. Making a hard link fails
            # if the file exists, so the second process notices and uses the value of the first.
            # A rename would replace the value of the first.
            os.link(draft, folder / name)
        except FileExistsError:
            value = (folder / name).read_text(encoding="utf-8").strip()
        finally:
            draft.unlink()
    except OSError as error:
        raise ServerError(f"No secret can be stored in {folder}: {_reason(error)}.") from error
    return value


def _write_private(path: Path, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

"""Passwords and keys: from the environment where given, else generated once and kept at home."""

import os
import secrets
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder


def variable_name(name: str) -> str:
    """Return the environment variable that replaces the secret called `name`."""
    return f"ASSURANCE_{name.upper()}"


def secret(settings: Settings, name: str) -> str:
    """Return the secret called `name`, generating and keeping it at the first request."""
    known = find_secret(settings, name)
    return known if known is not None else _generate(settings, name)


def find_secret(settings: Settings, name: str) -> str | None:
    """Return the secret called `name`, or None when it was never made."""
    given = os.environ.get(variable_name(name), "")
    if given:
        return given
    path = settings.secrets_dir / name
    try:
        kept = path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(f"The secret {path} cannot be read: {_reason(error)}.") from error
    if not kept:
        raise ServerError(f"The secret {path} is empty: restore it from a copy.")
    return kept


def _generate(settings: Settings, name: str) -> str:
    folder = settings.secrets_dir
    value = secrets.token_urlsafe(32)
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        private_folder(settings, folder).chmod(0o700)
        _write_private(draft, value)
        try:
            # A link, not a rename: of two that generate at once, the first one's value stands.
            os.link(draft, folder / name)
        except FileExistsError:
            value = (folder / name).read_text(encoding="utf-8").strip()
        finally:
            draft.unlink()
    except OSError as error:
        raise ServerError(f"No secret can be kept in {folder}: {_reason(error)}.") from error
    return value


def _write_private(path: Path, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

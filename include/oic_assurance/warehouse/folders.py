"""Folders of the state: made private, since landed records lie under them."""

from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings


def private_folder(settings: Settings, folder: Path) -> Path:
    """Return `folder` under the home, made for its owner alone when it is not there yet."""
    try:
        for path in (settings.home, folder):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ServerError(
            f"The state folder {settings.home} cannot be used: "
            f"{error.filename or folder} is a file where a folder must be."
        ) from error
    except OSError as error:
        raise ServerError(
            f"The state folder {settings.home} cannot be used: {folder}: {error.strerror}."
        ) from error
    return folder

"""Create private folders in the state folder. Only the owner of a private folder can read it."""

from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings


def private_folder(settings: Settings, folder: Path) -> Path:
    """Create a folder in the state folder if it is missing, and return its path.

    If this call creates the folder, only the folder's owner can read it.

    Raises:
        ServerError: The folder cannot be created.
    """
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

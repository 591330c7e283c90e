"""Create private folders in the state folder, and replace files in them.

Only the owner of a private folder can read it.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account


def private_folder(settings: Settings, folder: Path) -> Path:
    """Create a folder in the state folder if it is missing, and return its path.

    If this call creates the folder, only the folder's owner can read it.

    Raises:
        ServerError: The folder cannot be created, or this account may not write to it.
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
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise ServerError(
            f"{folder} cannot be written to by '{account()}': give the folder to this account, or "
            "use the account that owns it."
        )
    return folder


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a draft, which replaces the file `path` at the end of the block.

    Each draft is in a folder of its own. So if several processes write the same file at the same
    time, such as a run and a person who makes the pack, each of them replaces it as a whole.
    """
    with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        draft = Path(folder) / path.name
        yield draft
        draft.replace(path)

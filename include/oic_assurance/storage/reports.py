"""Where reports are: in the state folder, and at ASSURANCE_REPORTS_URL if that is set.

Reports are written in the state folder of the worker that makes them, in `reports/` and
`releases/`. If ASSURANCE_REPORTS_URL is set, each finished file is then copied there under the same
name. So people find the reports of all workers in one place.
"""

import shutil
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.storage.store import Store, open_store
from oic_assurance.warehouse.folders import private_folder

RELEASES = "releases"
#: The folders that are shared.
SHARED = ("reports", RELEASES)
_WHAT = "place of the reports"


def reports_store(settings: Settings) -> Store:
    """Return the store in which the reports of all workers are.

    Without ASSURANCE_REPORTS_URL, it is the state folder. Names begin with `reports/` or
    `releases/`.

    Raises:
        ServerError: ASSURANCE_REPORTS_URL is a folder that does not exist.
    """
    url = settings.reports or f"file://{settings.home}"
    return open_store(settings, url, what=_WHAT, prefix="", is_own=not settings.reports)


def share(settings: Settings, made: Path) -> None:
    """Copy a finished report, or a folder with one, to ASSURANCE_REPORTS_URL if that is set.

    A file outside the state folder stays where it is, because a person has chosen that place.

    Raises:
        ServerError: The place cannot be reached. The report in the state folder is complete.
    """
    if not settings.reports or not made.is_relative_to(settings.home):
        return
    store = reports_store(settings)
    for path in sorted(made.rglob("*")) if made.is_dir() else [made]:
        if path.is_file():
            with path.open("rb") as file:
                draft = store.draft(str(path.relative_to(settings.home)))
                try:
                    shutil.copyfileobj(file, draft.file)
                    draft.publish(replace=True)
                except OSError as error:
                    raise ServerError(
                        f"The {_WHAT} {store.place} cannot be written: {error.strerror}. The "
                        f"report is complete at {path}."
                    ) from error
                finally:
                    draft.discard()


def unshare(settings: Settings, gone: Path) -> None:
    """Remove a report that was removed from the state folder from ASSURANCE_REPORTS_URL too.

    Raises:
        ServerError: The place cannot be reached.
    """
    if settings.reports:
        reports_store(settings).remove(str(gone.relative_to(settings.home)))


def fetch(settings: Settings, folder: Path) -> None:
    """Copy the files of a folder from ASSURANCE_REPORTS_URL that the state folder does not have.

    Raises:
        ServerError: The place cannot be reached.
    """
    store = reports_store(settings)
    for name in store.files(str(folder.relative_to(settings.home))):
        path = settings.home / name
        if not path.exists():
            private_folder(settings, path.parent)
            with store.open(name) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)

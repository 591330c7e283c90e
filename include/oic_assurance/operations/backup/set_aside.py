"""Set aside what the archive has and the warehouse does not know, after a restore to a moment.

If the database is restored to an earlier moment and the archive is not, the archive also has the
deliveries that were landed since. No batch names these files. If they stayed, the next landings
would remove them, or write batches with the same numbers over them. So they are moved to another
folder, where a person can compare them with what is landed again.
"""

from pathlib import Path

from oic_assurance.batches.archive_writer import REWRITTEN, archived_files, unnamed_files
from oic_assurance.clock import utc_now
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.locks import dataset_lock, held

FOLDER = "set-aside"
ROLE = "oic_landing"


def set_aside(settings: Settings) -> list[Path]:
    """Move each archived file that no batch names to a new folder, and return the new paths.

    No dataset can be landed while its files are moved.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    target = settings.home / FOLDER / f"{utc_now():%Y%m%dT%H%M%SZ}"
    moved = []
    with connect(settings, role=ROLE, autocommit=True) as connection:
        for dataset in datasets().values():
            with held(connection, dataset_lock(settings.force_code, dataset.name)):
                files = archived_files(settings, dataset)
                for path in unnamed_files(connection, settings, dataset, files):
                    # An erasure looks for its rewritten files at their place, and moves them.
                    if path.is_file() and REWRITTEN not in path.suffixes:
                        moved.append(_move(settings, path, target))
    return moved


def _move(settings: Settings, path: Path, target: Path) -> Path:
    place = target / path.relative_to(settings.home)
    for folder in reversed(place.parents):
        if folder.is_relative_to(settings.home):
            private_folder(settings, folder)
    return path.rename(place)

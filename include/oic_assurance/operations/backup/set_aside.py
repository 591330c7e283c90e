"""Set aside what the archive has and the warehouse does not know, after a restore to a moment.

If the database is restored to an earlier moment and the archive is not, the archive also has the
deliveries that were landed since. No batch names these files. If they stayed, the next landings
would remove them, or write batches with the same numbers over them. So they are moved to a folder
of this host, where a person can compare them with what is landed again. The upkeep removes them
later (`operations/upkeep/set_aside`).
"""

import os
import shutil
from pathlib import Path

from oic_assurance.batches.archive_store import REWRITTEN, archive_store
from oic_assurance.batches.archive_writer import archived_files, unnamed_files
from oic_assurance.clock import utc_now
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.storage.store import Store
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.locks import dataset_lock, held

FOLDER = "set-aside"
#: The form of the moment that names a folder inside it.
MOMENT = "%Y%m%dT%H%M%SZ"
ROLE = "oic_landing"


def set_aside(settings: Settings) -> list[Path]:
    """Move each archived file that no batch names to a new folder, and return the new paths.

    No dataset can be landed while its files are moved.

    Raises:
        ServerError: The warehouse or the archive cannot be reached.
        OSError: The disk is full or fails. The file stays in the archive.
    """
    store = archive_store(settings)
    target = settings.home / FOLDER / utc_now().strftime(MOMENT)
    moved = []
    with connect(settings, role=ROLE, autocommit=True) as connection:
        for dataset in datasets().values():
            with held(connection, dataset_lock(settings.force_code, dataset.name)):
                files = archived_files(store, dataset)
                for name in unnamed_files(connection, dataset, files):
                    # An erasure looks for its rewritten files at their place, and moves them.
                    if REWRITTEN not in Path(name).suffixes:
                        moved.append(_move(settings, store, name, target))
    return moved


def _move(settings: Settings, store: Store, name: str, target: Path) -> Path:
    """Copy a file of the archive to this host's disk, and only then remove it."""
    place = target / name
    for folder in reversed(place.parents):
        if folder.is_relative_to(settings.home):
            private_folder(settings, folder)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with store.open(name) as source, os.fdopen(descriptor, "wb") as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())
    store.remove(name)
    return place

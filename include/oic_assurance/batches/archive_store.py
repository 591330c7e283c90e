"""Where the archive is: the folder `batches` in the state folder, or ASSURANCE_ARCHIVE_URL.

`audit.batch.kept_as` names an archived file as `batches/DATASET/FILE`, wherever the archive is. So
an archive can be moved without a change in the warehouse.
"""

from oic_assurance.settings import Settings
from oic_assurance.storage.store import Store, StoredFile, open_store

ARCHIVE = "batches"
#: The suffix of the file to which an erasure writes a batch without the erased rows. Later the
#: erasure replaces the original file with this one.
REWRITTEN = ".erased"
#: The suffix of an encrypted copy until it replaces its file.
ENCRYPTED = ".encrypted"


def archive_store(settings: Settings) -> Store:
    """Return the store of the archived batches.

    Raises:
        ServerError: ASSURANCE_ARCHIVE_URL is a folder that does not exist.
    """
    return open_store(
        settings,
        settings.archive_url,
        what="archive",
        prefix=f"{ARCHIVE}/",
        is_own=not settings.archive,
    )


def archived_file(settings: Settings, archived_as: str) -> StoredFile:
    """Return the file of a batch, from its name in `audit.batch.kept_as`."""
    return StoredFile(archive_store(settings), archived_as)

"""The key of the archive, which is kept outside the state folder."""

from oic_assurance.settings import Settings
from oic_assurance.warehouse.encryption import Key, find_key

ARCHIVE_KEY = "ASSURANCE_ARCHIVE_KEY"


def archive_key(settings: Settings | None = None) -> Key | None:
    """Return the key with which batches are archived, or None if the archive is not encrypted.

    If `settings` is given, a key whose file is in the state folder is refused.

    Raises:
        UsageError: ASSURANCE_ARCHIVE_KEY does not name a key, or the key is refused.
    """
    return find_key(ARCHIVE_KEY, settings.home if settings else None)

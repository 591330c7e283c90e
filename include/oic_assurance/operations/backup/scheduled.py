"""The back-up and the drill as the DAGs run them, with every choice in the settings."""

import logging
import os
from pathlib import Path

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.backup.drill import Options, drill, drill_physical
from oic_assurance.operations.backup.make import make_backup, recipients_of
from oic_assurance.operations.backup.physical import drill_place
from oic_assurance.operations.backup.record import Drill, newest_backup
from oic_assurance.publishing.publication import current_publication
from oic_assurance.settings import BACKUPS, DRILL_PLACE, Settings

DRILL = ("ASSURANCE_DRILL_KEY", "ASSURANCE_DRILL_SECRETS")
LOG = logging.getLogger(__name__)


def back_up(settings: Settings) -> Path:
    """Make a back-up in ASSURANCE_BACKUPS, and return its folder.

    Raises:
        UsageError: ASSURANCE_BACKUPS is not set, or no key to which the back-up is encrypted.
        AssuranceError: The back-up cannot be made, or an archived file is missing.
    """
    to = _path(BACKUPS)
    if to is None:
        raise UsageError(f"{BACKUPS} is not set: no back-up is made.")
    made = make_backup(settings, to, recipients_of((), unencrypted=False))
    if made.manifest.missing:
        raise AssuranceError(
            f"{made.folder} was made, but archived files are missing, the first is "
            f"{made.manifest.missing[0]}: see `assurance batch verify`."
        )
    return made.folder


def prove_restore(settings: Settings) -> str | None:
    """Restore the newest back-up to a scratch place, and return what was proven.

    This is done with the last physical back-up if ASSURANCE_DRILL_PLACE is set, and with the newest
    back-up of ASSURANCE_BACKUPS if that is set. Returns None if nothing was published yet: a new
    scheduler starts the last drill at once, and there is nothing to prove.

    Raises:
        UsageError: Neither is set, or there is no back-up, or ASSURANCE_DRILL_KEY cannot read it.
        AssuranceError: The restore is not proven. This is on record if there is a back-up at all.
    """
    place = drill_place()
    if place is None and _path(BACKUPS) is None:
        raise UsageError(f"Neither {DRILL_PLACE} nor {BACKUPS} is set: nothing can be restored.")
    if current_publication(settings) is None:
        return None
    proven = []
    if place is not None:
        done = drill_physical(settings, place, LOG.info)
        proven.append(_proven(done, "the last physical back-up"))
    if _path(BACKUPS) is not None:
        folder = Path(newest_backup(settings).folder)
        done = drill(settings, folder, Options(*map(_path, DRILL)), LOG.info)
        proven.append(_proven(done, str(folder)))
    return "; ".join(proven)


def _proven(done: Drill, what: str) -> str:
    if done.failure is not None:
        raise AssuranceError(f"The restore of {what} is not proven: {done.failure}")
    return f"publication {done.publication_id} was computed again from {what}"


def _path(name: str) -> Path | None:
    text = os.environ.get(name, "").strip()
    return Path(text) if text else None

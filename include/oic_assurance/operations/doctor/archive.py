"""Look whether the archive can be written to, and its newest batch be read with the key."""

import os
from collections.abc import Iterator

from oic_assurance.batches.archive_key import ARCHIVE_KEY, archive_key
from oic_assurance.batches.archive_reader import (
    UnreadableError,
    archived_batches,
    open_unpacked,
)
from oic_assurance.batches.archive_store import archived_file
from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding
from oic_assurance.storage.urls import is_local, local_path, shown
from oic_assurance.warehouse.connections import connect

NEW_KEY = "`assurance backup new-key --to FILE`, and set ASSURANCE_ARCHIVE_KEY"


def look_at_archive(settings: Settings) -> Iterator[Finding]:
    """Find whether the archive's folder can be written to, and whether there is a key.

    An archive on another machine is looked at by reading its newest batch.
    """
    if is_local(settings.archive_url):
        yield _folder(settings)
    else:
        yield Finding("archive", "ok", f"{shown(settings.archive_url)}, see *newest batch*")
    try:
        key = archive_key(settings)
    except UsageError as error:
        yield Finding("key of the archive", "failed", error.message, f"correct {ARCHIVE_KEY}")
        return
    if key is None:
        yield Finding("key of the archive", "advice", "deliveries are not encrypted", NEW_KEY)
    else:
        yield Finding("key of the archive", "ok", "new deliveries are encrypted")


def _folder(settings: Settings) -> Finding:
    folder = local_path(settings.archive_url)
    if folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("archive", "failed", f"{folder} cannot be used", f"`ls -ld {folder}`")
    if folder.exists():
        return Finding("archive", "ok", f"{folder} can be written to")
    if settings.archive:
        what = f"{folder} is not there: is the share mounted?"
        return Finding("archive", "failed", what, f"`ls -ld {folder}`")
    return Finding("archive", "ok", "nothing has been landed yet")


def look_at_newest_batch(settings: Settings) -> Iterator[Finding]:
    """Find whether the newest archived batch is there and can be read."""
    with connect(settings, role="oic_landing") as warehouse:
        batches = archived_batches(warehouse, settings.force_code)
    kept = [batch for batch in batches if batch.archived_as is not None]
    if not kept:
        yield Finding("newest batch", "ok", "nothing has been landed yet")
        return
    newest = max(kept, key=lambda batch: batch.batch_id)
    name = f"batch {newest.batch_id} of {newest.dataset}"
    try:
        with open_unpacked(archived_file(settings, str(newest.archived_as))) as stream:
            stream.read(1)
    except UsageError as error:
        yield Finding("newest batch", "failed", f"{name}: {error.message}", f"set {ARCHIVE_KEY}")
    except UnreadableError as error:
        what = f"{name}: {error.message}"
        yield Finding("newest batch", "failed", what, "`assurance batch verify`")
    else:
        yield Finding("newest batch", "ok", f"{name} can be read")

"""Look whether the newest back-up is there. The record says whether it was ever restored."""

from collections.abc import Iterator
from datetime import timedelta

from oic_assurance import clock
from oic_assurance.operations.backup.record import recorded_backups
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding

#: A back-up is made each day. The rest is for one that is late by a day.
BACKUP_LASTS = timedelta(days=2)
MAKE = "`assurance backup make --to FOLDER`"


def look_at_backups(settings: Settings) -> Iterator[Finding]:
    """Find the newest back-up, and whether this host sees it."""
    backups = recorded_backups(settings)
    if not backups:
        yield Finding("newest back-up", "advice", "none was made here", MAKE)
        return
    newest = backups[0]
    what = f"{newest.made_at:%d %b %Y %H:%M} UTC, {newest.folder}"
    if not newest.is_there:
        yield Finding("newest back-up", "failed", f"{what} is not there", MAKE)
    elif clock.utc_now() - newest.made_at > BACKUP_LASTS:
        yield Finding("newest back-up", "attention", f"the newest is old: {what}", MAKE)
    elif not newest.is_encrypted:
        what = f"{what} is not encrypted"
        yield Finding("newest back-up", "advice", what, "docs/how-to/restore.md")
    else:
        yield Finding("newest back-up", "ok", what)

"""Look how old the newest back-up is, and whether it is proven that it can be restored."""

from collections.abc import Iterator
from datetime import timedelta

from oic_assurance import clock
from oic_assurance.operations.backup.record import last_drill, recorded_backups
from oic_assurance.operations.doctor.finding import Finding
from oic_assurance.settings import Settings

#: A back-up is made each day, and a drill each week. The rest is for one that is late by a day.
BACKUP_LASTS, PROOF_LASTS = timedelta(days=2), timedelta(days=8)
MAKE = "`assurance backup make --to FOLDER`"
DRILL = "`assurance backup drill`"


def look_at_backups(settings: Settings) -> Iterator[Finding]:
    """Find the newest back-up and the last drill."""
    now = clock.utc_now()
    backups = recorded_backups(settings)
    if not backups:
        yield Finding("back-up", "attention", "none was made here", MAKE)
        return
    newest = backups[0]
    what = f"{newest.made_at:%d %b %Y %H:%M} UTC, {newest.folder}"
    if not newest.is_there:
        yield Finding("back-up", "failed", f"{what} is not there", MAKE)
    elif now - newest.made_at > BACKUP_LASTS:
        yield Finding("back-up", "attention", f"the newest is old: {what}", MAKE)
    elif not newest.is_encrypted:
        yield Finding("back-up", "attention", f"{what} is not encrypted", "docs/how-to/restore.md")
    else:
        yield Finding("back-up", "ok", what)
    drill = last_drill(settings)
    if drill is None:
        yield Finding("drill", "attention", "no restore was ever tried", DRILL)
    elif not drill.is_proven:
        yield Finding("drill", "failed", drill.failure or "the last one proved nothing", DRILL)
    elif now - drill.finished_at > PROOF_LASTS:
        yield Finding("drill", "attention", f"the last was {drill.finished_at:%d %b %Y}", DRILL)
    else:
        what = f"proven on {drill.finished_at:%d %b %Y}, in {drill.seconds:.0f} s"
        yield Finding("drill", "ok", what)

"""Look how old the newest back-up is, and whether it is proven that it can be restored."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from oic_assurance import clock
from oic_assurance.operations.backup.record import (
    Drill,
    RecordedBackup,
    last_drill,
    recorded_backups,
)
from oic_assurance.operations.doctor.finding import Finding
from oic_assurance.settings import Settings

#: A back-up is made each day, and a drill each week. The rest is for one that is late by a day.
BACKUP_LASTS, PROOF_LASTS = timedelta(days=2), timedelta(days=8)
MAKE = "`assurance backup make --to FOLDER`"
DRILL = "`assurance backup drill`"


def look_at_backups(settings: Settings) -> Iterator[Finding]:
    """Find the newest back-up and the last drill."""
    now = clock.utc_now()
    backups, drill = recorded_backups(settings), last_drill(settings)
    yield _backup(backups[0] if backups else None, now)
    # Physical back-ups are not on record here. Their drills are.
    if backups or drill is not None:
        yield _drill(drill, now)


def _backup(newest: RecordedBackup | None, now: datetime) -> Finding:
    if newest is None:
        return Finding("back-up", "attention", "none was made here", MAKE)
    what = f"{newest.made_at:%d %b %Y %H:%M} UTC, {newest.folder}"
    if not newest.is_there:
        return Finding("back-up", "failed", f"{what} is not there", MAKE)
    if now - newest.made_at > BACKUP_LASTS:
        return Finding("back-up", "attention", f"the newest is old: {what}", MAKE)
    if not newest.is_encrypted:
        return Finding("back-up", "attention", f"{what} is not encrypted", "docs/how-to/restore.md")
    return Finding("back-up", "ok", what)


def _drill(drill: Drill | None, now: datetime) -> Finding:
    if drill is None:
        return Finding("drill", "attention", "no restore was ever tried", DRILL)
    if not drill.is_proven:
        return Finding("drill", "failed", drill.failure or "the last one proved nothing", DRILL)
    if now - drill.finished_at > PROOF_LASTS:
        return Finding("drill", "attention", f"the last was {drill.finished_at:%d %b %Y}", DRILL)
    what = f"proven on {drill.finished_at:%d %b %Y}, in {drill.seconds:.0f} s"
    return Finding("drill", "ok", what)

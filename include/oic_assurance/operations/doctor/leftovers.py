"""Look for what interrupted work and restores have left: open runs, re-keyings, folders."""

from collections.abc import Iterator
from datetime import timedelta

from oic_assurance import clock
from oic_assurance.builds.runs import last_run
from oic_assurance.operations.backup.drill import FOLDER
from oic_assurance.operations.backup.set_aside import FOLDER as ASIDE
from oic_assurance.operations.backup.set_aside import files_set_aside
from oic_assurance.operations.pseudonyms.status import read_status
from oic_assurance.settings import MAX_WAIT_HOURS, Settings
from oic_assurance.state.observed import Finding

#: No run takes longer: three hours, and the longest wait for an approval.
LONGEST_RUN = timedelta(hours=3 + MAX_WAIT_HOURS)


def look_at_leftovers(settings: Settings) -> Iterator[Finding]:
    """Find work that was interrupted and has left something behind."""
    found = False
    run = last_run(settings)
    if run is not None and run.outcome == "running":
        found = True
        since = f"run {run.run_id} is open since {run.started_at:%d %b %H:%M} UTC"
        if clock.utc_now() - run.started_at > LONGEST_RUN:
            yield Finding("run", "advice", f"{since}: it was interrupted", "`assurance run`")
        else:
            yield Finding("run", "ok", f"{since}, or was interrupted: the next run closes it")
    pseudonyms = read_status(settings)
    if any(one.finished_at is None for one in pseudonyms.rekeys):
        found = True
        what = "a re-keying was begun and is not finished"
        yield Finding("pseudonyms", "attention", what, "`assurance access rekey`")
    if pseudonyms.key_is_right is False:
        found = True
        what = "ASSURANCE_PSEUDONYM_KEY is not the key of the current version"
        yield Finding("pseudonyms", "failed", what, "`assurance access pseudonyms`")
    if (settings.home / FOLDER).exists():
        found = True
        what = f"{settings.home / FOLDER}: a drill is under way, or was interrupted"
        yield Finding("drill", "ok", f"{what}; the next one removes it")
    if aside := files_set_aside(settings):
        found = True
        (first, _), days = aside[0], settings.keep_set_aside_days
        what = f"{len(aside)} in {settings.home / ASIDE}, the oldest since {first:%d %b %Y}"
        if clock.utc_now() - first <= timedelta(days=days):
            rest = f"{what}: upkeep removes what is {days} days old and in the warehouse again"
            yield Finding("set-aside", "ok", rest)
        else:
            what += f": after {days} days, an only copy is left for a person"
            todo = "docs/how-to/restore.md#what-was-set-aside"
            yield Finding("set-aside", "attention", what, todo)
    if not found:
        yield Finding("interrupted work", "ok", "has left nothing")

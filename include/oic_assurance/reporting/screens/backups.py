"""The screens of `assurance backup list` and `assurance backup drill`."""

from dataclasses import dataclass

from oic_assurance.operations.backup.record import Drill, RecordedBackup
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    moment,
    short_moment,
    table,
    wrapped,
)


@dataclass(frozen=True)
class Backups:
    """All back-ups that were recorded, the newest first."""

    backups: list[RecordedBackup]


def backups_screen(found: Backups) -> str:
    """Return a table of all back-ups: when, how large, whether it is there, when it was proven."""
    if not found.backups:
        return "No back-up was made: `assurance backup make --to FOLDER` makes one.\n"
    rows = [
        (
            short_moment(one.made_at),
            f"{one.size_bytes / 1e6:,.1f} MB",
            f"{one.batches:,}",
            short_moment(one.proven_at) if one.proven_at else NOTHING,
            one.folder if one.is_there else f"{one.folder} (not there)",
        )
        for one in found.backups
    ]
    return "\n".join(table(("made", "size", "batches", "restore proven", "folder"), rows, 0)) + "\n"


def drill_screen(done: Drill) -> str:
    """Return what a drill proved, or why it proved nothing."""
    return "\n".join(drill_lines(done)) + "\n"


def drill_lines(done: Drill | None) -> list[str]:
    """Return the lines about the last drill, for its own screen and for `assurance status`."""
    if done is None:
        return wrapped("Restore      never proven: `assurance backup drill` tries it")
    made = moment(done.backup_made_at)
    when = moment(done.finished_at)
    if done.failure is not None:
        return wrapped(f"Restore      NOT proven on {when}: the back-up of {made}: {done.failure}")
    return wrapped(
        f"Restore      proven on {when}, in {done.seconds:.0f} s: the back-up of {made}, "
        f"{count(done.batches or 0, 'batch', 'batches')} compared, publication "
        f"{done.publication_id} computed again and equal"
    )

"""The line of `assurance status` about the last drill."""

from oic_assurance.operations.backup.record import Drill
from oic_assurance.reporting.screens.layout import count, moment, wrapped


def drill_lines(done: Drill | None) -> list[str]:
    """Return the lines about the last drill."""
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

"""What the pack says about back-ups: whether it is proven that one can be restored."""

from dataclasses import dataclass

from oic_assurance.formats import count, moment
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.paper.shapes import Shape

_SHAPES: dict[str, Shape] = {"proven": "tick", "stale": "question", "failed": "alert"}


@dataclass(frozen=True)
class Restore:
    """The proof of a restore in words, with a symbol that shows the verdict without colour."""

    shape: Shape
    verdict: str
    words: str


def restore(facts: Facts) -> Restore:
    """Return what the mart `restore_proof` says about the force's back-ups."""
    (row,) = facts["restore_proof"]
    parts = {
        "proven": (_proof(row),),
        "stale": (
            "So it is not known whether a back-up could be restored now.",
            _proof(row),
            f"The next drill was due by {moment(row['due_by'])}.",
        ),
        "failed": (
            f"{row['failed_step_label']} in the drill that ended on "
            f"{moment(row['last_drill_at'])}.",
            _proof(row),
        ),
        "unknown": (
            "No drill has tried to restore a back-up, so it is not known whether one can be "
            "restored.",
        ),
    }[row["verdict"]]
    shape = _SHAPES.get(row["verdict"], "question")
    return Restore(shape, row["verdict_label"], " ".join(parts))


def _proof(row: Row) -> str:
    if row["last_proven_at"] is None:
        return "No drill has ever proven a restore."
    batches = count(row["batches_compared"], "restored batch", "restored batches")
    return (
        f"A drill last proved it on {moment(row['last_proven_at'])}, in {row['seconds']:,} seconds "
        f"and with the back-up of {moment(row['backup_made_at'])}: {batches} agreed with the "
        f"archive, and publication {row['computed_publication_id']} was computed again with the "
        "same fingerprint."
    )

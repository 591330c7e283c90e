"""The screen of `assurance recall list`, and the lines about recalls in `assurance status`.

They never show the key of a record.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.operations.recall.recall import Recall, list_recalls
from oic_assurance.reporting.screens.layout import count, short_moment, table, wrapped
from oic_assurance.settings import Settings


@dataclass(frozen=True)
class Recalls:
    """All recalls, newest first."""

    recalls: list[Recall]


def read_recalls(settings: Settings) -> Recalls:
    """Return all recalls of the warehouse."""
    return Recalls(list_recalls(settings))


def recalls_screen(found: Recalls) -> str:
    """Return a table of all recalls."""
    if not found.recalls:
        return "The marking of no landed record has risen above its ceiling.\n"
    rows = [
        (
            str(one.recall_id),
            one.dataset,
            short_moment(one.noticed_at),
            f"{one.records:,}",
            short_moment(one.withdrawn_at),
            _state(one),
        )
        for one in found.recalls
    ]
    head = ("recall", "dataset", "noticed", "records", "withdrawn", "state")
    return "\n".join(table(head, rows, indent=0)) + "\n"


def open_recalls(recalls: Sequence[Recall]) -> list[str]:
    """Return the lines of `assurance status` about recalls that have not ended."""
    lines = []
    for one in recalls:
        if one.ended_at is None:
            records = count(one.left_to_erase, "record")
            lines += wrapped(
                f"Recalled: {one.dataset}: the marking of {records} rose above the ceiling."
                f" Readers do not see them. `assurance recall approve {one.recall_id}` erases them."
            )
    return lines


def _state(one: Recall) -> str:
    if one.outcome == "lowered":
        return "ended: the source lowered the markings"
    if one.outcome == "erased":
        return f"erased, approved by {one.approved_by}" if one.approved_by else "erased"
    if one.approved_by:
        return f"approved by {one.approved_by}, {one.left_to_erase:,} left to erase"
    return f"{one.left_to_erase:,} wait for an approval"

"""The lines about recalls in `assurance status`. They never show the key of a record."""

from collections.abc import Sequence

from oic_assurance.operations.recall.recall import Recall
from oic_assurance.reporting.screens.layout import count, wrapped


def open_recalls(recalls: Sequence[Recall]) -> list[str]:
    """Return the lines of `assurance status` about recalls that have not ended."""
    lines = []
    for one in recalls:
        if one.ended_at is None:
            records = count(one.left_to_erase, "record")
            lines += wrapped(
                f"Recalled: {one.dataset}: the marking of {records} rose above the ceiling."
                f" Readers do not see them. `assurance erase approve {one.recall_id}` erases them."
            )
    return lines

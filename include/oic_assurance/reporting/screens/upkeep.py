"""The lines of `assurance status` about the upkeep and about records past their retention."""

from collections.abc import Sequence
from datetime import datetime

from oic_assurance.notifications.upkeep import DONE_WITHIN
from oic_assurance.operations.review.due import DueTable
from oic_assurance.operations.upkeep.record import Upkeep
from oic_assurance.reporting.screens.layout import count, short_moment, wrapped


def upkeep_lines(parts: Sequence[Upkeep], now: datetime) -> list[str]:
    """Return the line of `assurance status` about the upkeep. It is empty if all is well."""
    failed = [one for one in parts if one.outcome == "failed"]
    if failed:
        first = failed[0]
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        return wrapped(
            f"Upkeep       {first.part} failed on {short_moment(first.started_at)}: "
            f"{(first.message or '').rstrip('.')}{more}. `assurance upkeep list` shows all parts."
        )
    old = [one for one in parts if now - (one.done_at or one.started_at) > DONE_WITHIN]
    if old:
        last = short_moment(old[0].done_at) if old[0].done_at else "never"
        return wrapped(
            f"Upkeep       {', '.join(one.part for one in old)}: not done for days (last: {last}). "
            "`assurance upkeep run` does it."
        )
    return []


def review_lines(tables: Sequence[DueTable]) -> list[str]:
    """Return the line of `assurance status` about records that wait for a decision."""
    waiting = sum(one.undecided + one.unconfirmed for one in tables)
    if not waiting:
        return []
    return wrapped(
        f"Retention    {count(waiting, 'record')} past retention wait for somebody to decide: "
        "`assurance upkeep due`"
    )

"""The screens of `assurance upkeep run` and `list`, and its line in `assurance status`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from oic_assurance.operations.upkeep.record import Upkeep
from oic_assurance.reporting.screens.layout import NOTHING, short_moment, table, wrapped

#: The upkeep runs every night. The rest of the time is for nights on which a run was under way.
IS_OLD = timedelta(days=3)


@dataclass(frozen=True)
class Upkeeps:
    """Parts of the upkeep, each with what it did."""

    parts: list[Upkeep]


def upkeep_screen(found: Upkeeps) -> str:
    """Return a table of parts: when each ran, how it ended, what it did, and sizes."""
    if not found.parts:
        return "No upkeep has run: `assurance upkeep run` runs it.\n"
    rows = [
        (
            one.part,
            short_moment(one.started_at),
            one.outcome,
            _did(one),
            _size(one.bytes_before),
            _size(one.bytes_after),
        )
        for one in found.parts
    ]
    head = ("part", "started", "outcome", "did", "before", "after")
    notes = [one.message or "" for one in found.parts]
    return "\n".join(table(head, rows, 0, notes)) + "\n"


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
    old = [one for one in parts if now - (one.done_at or one.started_at) > IS_OLD]
    if old:
        last = short_moment(old[0].done_at) if old[0].done_at else "never"
        return wrapped(
            f"Upkeep       {', '.join(one.part for one in old)}: not done for days (last: {last}). "
            "`assurance upkeep run` does it."
        )
    return []


def _did(one: Upkeep) -> str:
    found = [f"{number:,} {name}" for name, number in one.did.items() if number]
    return ", ".join(found) or ("nothing to do" if one.outcome in ("done", "dry run") else NOTHING)


def _size(size: int | None) -> str:
    return NOTHING if size is None else f"{size / 1e6:,.1f} MB"

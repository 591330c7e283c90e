"""The screens of `assurance upkeep`, and its lines in `assurance status`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from oic_assurance.notifications.upkeep import DONE_WITHIN
from oic_assurance.operations.review.decisions import Decision
from oic_assurance.operations.review.due import DueRecord, DueTable
from oic_assurance.operations.upkeep.record import Upkeep
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    day,
    short_moment,
    table,
    wrapped,
)


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
    old = [one for one in parts if now - (one.done_at or one.started_at) > DONE_WITHIN]
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


# ---------------------------------------------------------------- review


@dataclass(frozen=True)
class DueTables:
    """How many records of each table are past their retention."""

    tables: list[DueTable]


@dataclass(frozen=True)
class DueRecords:
    """The records of one dataset that are past their retention, with their keys."""

    dataset: str
    records: list[DueRecord]


@dataclass(frozen=True)
class Decisions:
    """All decisions about records past their retention, newest first."""

    decisions: list[Decision]


def due_screen(found: DueTables) -> str:
    """Return a table of how many records of each dataset are past their retention. No key."""
    if not found.tables:
        return "No record is past its retention.\n"
    rows = [
        (
            one.dataset,
            one.table_name,
            f"{one.records:,}",
            f"{one.undecided:,}",
            short_moment(one.undecided_since),
            f"{one.unconfirmed:,}",
            f"{one.to_erase:,}",
            f"{one.kept:,}",
        )
        for one in found.tables
    ]
    head = (
        *("dataset", "table", "records", "undecided", "since"),
        *("to confirm", "to erase", "kept"),
    )
    return "\n".join(table(head, rows, 0)) + "\n"


def records_screen(found: DueRecords) -> str:
    """Return a table of the records of one dataset, with their keys."""
    if not found.records:
        return f"{found.dataset}: no record is past its retention.\n"
    rows = [
        (
            one.row_key if one.row_key is not None else "(rows in quarantine without a key)",
            one.table_name,
            short_moment(one.due_at),
            short_moment(one.since),
            one.state,
        )
        for one in found.records
    ]
    head = ("key", "table", "retention ended", "waits since", "state")
    return "\n".join(table(head, rows, 0)) + "\n"


def decisions_screen(found: Decisions) -> str:
    """Return a table of all decisions."""
    if not found.decisions:
        return "Nobody has decided about a record that is past its retention.\n"
    rows = [
        (
            str(one.decision_id),
            one.dataset,
            one.decision,
            f"{one.records:,}",
            short_moment(one.decided_at),
            one.account,
            one.confirmed_account or NOTHING,
            _state_of(one),
        )
        for one in found.decisions
    ]
    head = ("decision", "dataset", "choice", "records", "decided", "by", "confirmed by", "state")
    notes = [one.reason for one in found.decisions]
    return "\n".join(table(head, rows, 0, notes)) + "\n"


def decision_line(one: Decision) -> str:
    """Return a line about a decision that was just made or confirmed."""
    what = f"Decision {one.decision_id}: {count(one.records, 'record')} of {one.dataset}"
    if one.waits:
        return (
            f"{what} to {one.decision}: it waits for a second person, "
            f"`assurance upkeep confirm {one.decision_id}`."
        )
    if one.decision == "erase":
        return f"{what} will be erased by the next upkeep."
    return f"{what} are kept, and come up for review again on {day(one.keep_until)}."


def review_lines(tables: Sequence[DueTable]) -> list[str]:
    """Return the line of `assurance status` about records that wait for a decision."""
    waiting = sum(one.undecided + one.unconfirmed for one in tables)
    if not waiting:
        return []
    return wrapped(
        f"Retention    {count(waiting, 'record')} past retention wait for somebody to decide: "
        "`assurance upkeep due`"
    )


def _state_of(one: Decision) -> str:
    if one.carried_out_at is not None:
        return f"ended {short_moment(one.carried_out_at)}, {one.erased or 0:,} erased"
    if one.waits:
        return "waits for a second person"
    return f"kept until {day(one.keep_until)}" if one.decision == "keep" else "to be erased"

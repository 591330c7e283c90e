"""The screens of `assurance upkeep`, and its lines in `assurance status`."""

from dataclasses import dataclass

from oic_assurance.operations.review.decisions import Decision
from oic_assurance.operations.review.due import DueRecord, DueTable
from oic_assurance.operations.upkeep.record import Upkeep
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    day,
    short_moment,
    table,
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


def _state_of(one: Decision) -> str:
    if one.carried_out_at is not None:
        return f"ended {short_moment(one.carried_out_at)}, {one.erased or 0:,} erased"
    if one.waits:
        return "waits for a second person"
    return f"kept until {day(one.keep_until)}" if one.decision == "keep" else "to be erased"

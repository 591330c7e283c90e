"""What is known: records and deliveries, and the version of each that is valid at `as_at`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from .clock import midnight
from .model import KEYS, Delivery, Row, Step

HAPPENINGS = ("contacted_at", "detained_at", "shared_at", "reported_at")
OWN_DATES = ("submitted_at", "completed_at", "approved_at", "deleted_at", "released_at")


@dataclass
class Record:
    """One database record, with its known versions in the order of their extraction.

    `vanished_at` is the time of the run that no longer found the row, or None.
    """

    versions: list[Row] = field(default_factory=list)
    vanished_at: datetime | None = None


@dataclass
class Known:
    """Everything that has been landed so far."""

    tables: dict[str, dict[int, Record]]
    deliveries: dict[str, list[Delivery]]


def learn(steps: Iterable[Step]) -> Known:
    """Return the records and deliveries that a run knows after some steps.

    Contract: "**Known** is which batches had been landed".
    """
    known = Known({name: {} for name in KEYS}, {})
    for step in steps:
        for name, rows in step.tables.items():
            _learn_table(known.tables[name], name, rows, step.reconciled_at)
        for delivery in step.files:
            _learn_delivery(known.deliveries.setdefault(delivery.dataset, []), delivery)
    return known


def _learn_table(
    records: dict[int, Record], name: str, rows: list[Row], when: datetime | None
) -> None:
    """Add a version to each record whose `updated_at` differs from that of its newest version.

    Also marks each record without a row in the step as vanished at `when`.
    """
    present = {row[KEYS[name]]: row for row in rows}
    for key, row in present.items():
        record = records.setdefault(key, Record())
        if not record.versions or record.versions[-1]["updated_at"] != row["updated_at"]:
            record.versions.append(row)
    for key, record in records.items():
        if key not in present and record.vanished_at is None:
            record.vanished_at = when


def _learn_delivery(deliveries: list[Delivery], new: Delivery) -> None:
    """Add a delivery. If two deliveries have the same version time, the one landed last wins."""
    is_late = any(delivery.version_time > new.version_time for delivery in deliveries)
    new.has_news = None if is_late else _has_news(new, deliveries)
    deliveries.append(new)
    deliveries.sort(key=lambda delivery: delivery.version_time)


def _has_news(new: Delivery, before: list[Delivery]) -> bool:
    """Return whether a delivery says anything that the deliveries before it do not say.

    A full list is compared with the one before it, and changes with all that came before.
    """
    is_full = new.dataset != "lms/completions"
    of_record = _rows(new)
    known: set[tuple[object, ...]] = set()
    for delivery in before[-1:] if is_full else before:
        known |= _rows(delivery)
    return of_record != known if is_full else bool(of_record - known)


def _rows(delivery: Delivery) -> set[tuple[object, ...]]:
    """Return the rows of a delivery, without the columns whose text the warehouse does not keep."""
    return {
        (sheet, *((name, row[name]) for name in sorted(row.keys() - {"title", "comment"})))
        for sheet, rows in delivery.sheets.items()
        for row in rows
    }


def table_as_at(known: Known, name: str, as_at: datetime) -> list[Row]:
    """Return one row for each record of a table, if the record exists at `as_at`.

    The row is the version that is valid at `as_at`. Its dates in `OWN_DATES` that are later are
    blank.
    """
    rows = []
    for record in known.tables[name].values():
        if record.vanished_at is not None and record.vanished_at <= as_at:
            continue  # "a vanished one from … the time of the reconciliation … that lacked it"
        version = _version(record.versions, as_at)
        if version is None:
            continue
        row = _blanked(version, as_at)
        if row.get("deleted_at") is None and _happened(row, as_at):
            rows.append(row)
    return rows


def gone_as_at(known: Known, name: str, column: str, as_at: datetime) -> set[str]:
    """Return one column's values in the records that were deleted or had vanished by `as_at`."""
    gone = set()
    for record in known.tables[name].values():
        version = _version(record.versions, as_at) or record.versions[0]
        vanished = record.vanished_at is not None and record.vanished_at <= as_at
        deleted = version["deleted_at"] is not None and version["deleted_at"] <= as_at
        if vanished or deleted:
            gone.add(version[column])
    return gone


def _version(versions: list[Row], as_at: datetime) -> Row | None:
    """Return the version of a record that is valid at `as_at`, or None if there is none.

    Contract: "Of each record the latest version whose version time is at or before" `as_at`. "A
    record whose first known version is later than `as_at` is taken in that version when its
    `created_at` is at or before `as_at`."
    """
    best: Row | None = None
    for version in versions:
        if version["updated_at"] <= as_at and (
            best is None or version["updated_at"] >= best["updated_at"]
        ):
            best = version
    if best is None and versions[0]["created_at"] <= as_at:
        best = versions[0]
    return best


def _blanked(version: Row, as_at: datetime) -> Row:
    """Return a version in which the dates in `OWN_DATES` that are after `as_at` are blank.

    Contract: "What its own dates place after `as_at` has not happened": it "is as if blank".
    """
    row = dict(version)
    for column in OWN_DATES:
        if row.get(column) is not None and row[column] > as_at:
            row[column] = None
    return row


def _happened(row: Row, as_at: datetime) -> bool:
    """Return whether the event that a record describes happened at or before `as_at`."""
    return all(row.get(column) is None or row[column] <= as_at for column in HAPPENINGS)


def full_as_at(known: Known, dataset: str, as_at: datetime) -> Delivery | None:
    """Return the full delivery of a dataset that is valid at `as_at`, or None without deliveries.

    Contract: "the first version stands for all time before it".
    """
    deliveries = known.deliveries.get(dataset, [])
    standing = deliveries[0] if deliveries else None
    for delivery in deliveries:
        if delivery.version_time <= as_at:
            standing = delivery
    return standing


def snapshot_on(known: Known, dataset: str, day: date) -> Delivery | None:
    """Return the snapshot of a dataset that is valid on a day, or None if nothing was delivered.

    This is the latest snapshot dated on or before the day or, for a day before the first snapshot,
    the first snapshot. Contract: "The latest … file dated at or before the day (before the first,
    the first)".
    """
    return full_as_at(known, dataset, midnight(day))


def latest_delivery(known: Known, dataset: str, as_at: datetime) -> datetime | None:
    """Return the version time of "the latest delivery at or before `as_at`", or None."""
    times = [d.version_time for d in known.deliveries.get(dataset, []) if d.version_time <= as_at]
    return max(times) if times else None

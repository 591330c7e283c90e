"""The quarantine at a terminal. The content of a row is never shown."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from oic_assurance.landing.quarantine import (
    REFUSED_FOR_MARKING,
    QuarantineFilter,
    ReasonCount,
    RejectedRow,
    count_rejected,
    counts_by_reason,
    list_rejected,
)
from oic_assurance.reporting.screens.layout import count, day, table, wrapped
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets

if TYPE_CHECKING:
    from oic_assurance.operations.replay.export import Exported
    from oic_assurance.operations.replay.record import ReplayReport

SHOWN = 10


def quarantine_screen(settings: Settings, which: QuarantineFilter, limit: int) -> str:
    """Return counts by dataset and reason, then the rows, then what to do."""
    rows = list_rejected(settings, which, limit=limit)
    if not rows:
        asked = any((which.dataset, which.reason, which.batch_id))
        return "No such row is in quarantine.\n" if asked else "Nothing is in quarantine.\n"
    counts = counts_by_reason(settings, which)
    total = count_rejected(settings, which)
    lines = [*_counts(counts), ""]
    for row in rows:
        lines += _row(row)
    if total > limit:
        lines += ["", *wrapped(f"These are the newest {limit:,} of {total:,} rows: see --limit.")]
    lines += ["", *_next_steps(rows, counts)]
    return "\n".join(lines) + "\n"


def export_lines(exported: "Exported", dataset: str, to: Path) -> str:
    """Return what was written, what was not, and what to do next."""
    lines = wrapped(f"{count(exported.rows, 'row')} of {dataset} in {to}, for you alone to read.")
    if exported.unsplit:
        lines += wrapped(
            f"{_rows(exported.unsplit)} could not be taken apart into cells: see the last "
            "column, as_it_came.", 0,
        )  # fmt: skip
    if exported.refused_by_marking:
        lines += wrapped(
            f"{_rows(exported.refused_by_marking)} refused at the door by their marking: nothing "
            "of them was read, so nothing is exported.", 0,
        )  # fmt: skip
    lines += wrapped(
        "Next: correct it, leave the column rejected_id as it is, save it as CSV, then "
        f"`assurance quarantine replay {dataset} {to}`."
    )
    return "\n".join(lines) + "\n"


def replay_lines(report: "ReplayReport") -> str:
    """Return what landed and what breaks still, delivery by delivery, and what to do next."""
    lines = []
    for delivery in report.deliveries[:SHOWN]:
        text = f"{delivery.rejected.source_place} (batch {delivery.rejected.batch_id}): "
        if delivery.batch_id is None:
            lines += wrapped(
                f"{text}{_rows(len(delivery.still_rejected))} as before, for the same reasons", 0
            )
            continue
        text += f"{count(len(delivery.landed), 'row')} landed as batch {delivery.batch_id}"
        text += f", {count(delivery.rows_new, 'new version')}"
        if delivery.still_rejected:
            text += f"; {_rows(len(delivery.still_rejected))} again"
        if delivery.rekeyed:
            text += f"; {len(delivery.rekeyed)} under another key than in quarantine"
        lines += wrapped(text, 0)
    more = len(report.deliveries) - SHOWN
    if more > 0:
        lines.append(f"and {count(more, 'more delivery', 'more deliveries')}")
    return "\n".join([*lines, *_left(report), *_conclusion(report)]) + "\n"


def _left(report: "ReplayReport") -> list[str]:
    """Say what breaks still and why, and what was left out."""
    reasons = Counter(why.partition(":")[0] for one in report.still_rejected for why in one.reasons)
    lines = []
    for reason, rows in reasons.most_common(SHOWN):
        lines += wrapped(reason, 8, f"{rows:>6,}  ")
    if report.replayed_before:
        batches = sorted(set(report.replayed_before.values()))
        named = ", ".join(map(str, batches[:SHOWN])) + (", …" if len(batches) > SHOWN else "")
        lines += wrapped(
            f"{_rows(len(report.replayed_before))} replayed already (batch {named}): left as "
            f"{'they are' if len(report.replayed_before) > 1 else 'it is'}.", 0,
        )  # fmt: skip
    if report.refused_by_marking:
        lines += wrapped(
            f"{_rows(report.refused_by_marking)} left out at the door, by their marking.", 0
        )
    if report.erased:
        lines += wrapped(f"{_rows(report.erased)} left out: of records that were erased.", 0)
    if report.unsplit:
        lines += wrapped(
            f"{_rows(report.unsplit)} left out: could not be taken apart, only a corrected "
            "file can replay them.", 0,
        )  # fmt: skip
    return lines


def _conclusion(report: "ReplayReport") -> list[str]:
    if not report.deliveries:
        return wrapped(f"{report.dataset}: nothing to replay; nothing has changed.", 0)
    if not report.landed:
        changed = any(delivery.batch_id is not None for delivery in report.deliveries)
        rest = "what they break now is on record" if changed else "nothing has changed"
        return wrapped(f"{report.dataset}: no row landed; {rest}.", 0)
    return wrapped(
        f"{report.dataset}: {count(report.landed, 'row')} landed. Next: `assurance run`, and the "
        "figures know of it; what changes for past months stands in marts.restatement.", 0,
    )  # fmt: skip


def _counts(counts: Sequence[ReasonCount]) -> list[str]:
    rows = [
        (item.dataset, f"{item.rows:,}", day(item.latest_at.date()), " ".join(item.reason.split()))
        for item in counts
    ]
    return table(("dataset", "rows", "latest", "reason"), rows, indent=0)


def _row(row: RejectedRow) -> list[str]:
    dataset = datasets().get(row.dataset)
    sheet = f" ({row.table_name})" if dataset and len(dataset.tables) > 1 else ""
    place = f", row {row.row_number}" if row.row_number is not None else ""
    key = f", key {' '.join(row.row_key.split())}" if row.row_key else ""
    landed = f", replayed in batch {row.replayed_in}" if row.replayed_in is not None else ""
    lines = wrapped(
        f"{row.dataset}{sheet} {row.source_place}, batch {row.batch_id}{place}{key}{landed}",
        8, f"{row.rejected_id:>6}  ",
    )  # fmt: skip
    for reason in row.reasons:
        lines += wrapped(reason, 10)
    for reason in row.earlier_reasons:
        lines += wrapped(f"before a replay: {reason}", 10)
    return lines


def _next_steps(rows: Sequence[RejectedRow], counts: Sequence[ReasonCount]) -> list[str]:
    names = sorted({item.dataset for item in counts if item.reason != REFUSED_FOR_MARKING})
    if not any(row.status == "rejected" for row in rows):
        return ["Next: nothing, what is shown has been replayed."]
    if not names:
        return wrapped("Next: nothing here; the marking of these rows is their source's to set.", 0)
    name = names[0] if len(names) == 1 else "DATASET"
    return wrapped(
        f"Next: `assurance quarantine export {name} --to FILE`, correct FILE, `assurance "
        f"quarantine replay {name} FILE`; what the declaration now admits lands without FILE.", 0,
    )  # fmt: skip


def _rows(number: int) -> str:
    return count(number, "row")

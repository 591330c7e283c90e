"""The screens of `assurance quarantine`. They never show the values of a rejected row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oic_assurance.errors import UsageError
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
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value

if TYPE_CHECKING:
    from oic_assurance.operations.replay.export import Exported
    from oic_assurance.operations.replay.record import ReplayedDelivery, ReplayReport

SHOWN = 10


@dataclass(frozen=True)
class Quarantine:
    """The rejected rows that the user has selected.

    `rows` holds the newest of the selected rows, and `total` is the number of all of them. `counts`
    holds their number for each dataset and reason.
    """

    counts: list[ReasonCount]
    rows: list[RejectedRow]
    total: int
    #: Whether the user has restricted the rows to a dataset, a reason or a batch.
    is_filtered: bool


def read_quarantine(settings: Settings, which: QuarantineFilter, limit: int) -> Quarantine:
    """Return the rejected rows that `which` selects.

    All selected rows are counted, but at most `limit` rows are read, newest first.

    Raises:
        UnknownNameError: There is no such dataset.
        UsageError: There is no such batch.
    """
    if which.dataset is not None:
        declared(which.dataset)
    if which.batch_id is not None:
        _check_batch(settings, which.batch_id)
    return Quarantine(
        counts_by_reason(settings, which),
        list_rejected(settings, which, limit=limit),
        count_rejected(settings, which),
        is_filtered=bool(which.dataset or which.reason or which.batch_id),
    )


def quarantine_screen(found: Quarantine) -> str:
    """Return the screen of rejected rows.

    It shows the number of rows for each dataset and reason, then the rows, then what to do next.
    """
    if not found.rows:
        return f"{'No such row' if found.is_filtered else 'Nothing'} is in quarantine.\n"
    lines = [*_counts(found.counts), ""]
    for row in found.rows:
        lines += _row(row)
    if found.total > len(found.rows):
        newest = f"These are the newest {len(found.rows):,} of {found.total:,} rows: see --limit."
        lines += ["", *wrapped(newest)]
    lines += ["", *_next_steps(found.rows, found.counts)]
    return "\n".join(lines) + "\n"


def _check_batch(settings: Settings, batch_id: int) -> None:
    query = "select batch_id from audit.batch where batch_id = %s and force_code = %s"
    with connect(settings, role="oic_landing") as connection:
        if find_value(connection, query, (batch_id, settings.force_code)) is None:
            raise UsageError(f"There is no batch {batch_id}: see `assurance batch list`.")


def export_screen(exported: "Exported", dataset: str, to: Path) -> str:
    """Return the screen after an export.

    It says how many rows were written, which rows are incomplete or missing, and what to do next.
    """
    lines = wrapped(f"{_rows(exported.rows)} of {dataset} in {to}. Only you can read the file.")
    if exported.unsplit:
        lines += wrapped(
            f"{_rows(exported.unsplit)} could not be split into cells: see the last column, "
            "as_it_came."
        )
    if exported.refused_by_marking:
        lines += wrapped(
            f"{_rows(exported.refused_by_marking)} refused because of their marking. Their content "
            "was never read, so it cannot be exported."
        )
    lines += wrapped(
        "Next: correct the file, leave its column rejected_id as it is, and save it as CSV. Then "
        f"`assurance quarantine replay {dataset} {to}`."
    )
    return "\n".join(lines) + "\n"


def replay_screen(report: "ReplayReport") -> str:
    """Return the screen after a replay.

    For each delivery, the screen says how many rows were landed and how many are still rejected. It
    then says why rows were not landed, and what to do next.
    """
    lines = []
    for delivery in report.deliveries[:SHOWN]:
        lines += wrapped(_replayed(delivery))
    more = len(report.deliveries) - SHOWN
    if more > 0:
        lines.append(f"and {count(more, 'more delivery', 'more deliveries')}")
    return "\n".join([*lines, *_not_landed(report), *_conclusion(report)]) + "\n"


def _replayed(delivery: "ReplayedDelivery") -> str:
    place = f"{delivery.rejected.source_place} (batch {delivery.rejected.batch_id})"
    still_rejected = f"{_rows(len(delivery.still_rejected))} still rejected"
    if delivery.batch_id is None:
        return f"{place}: {still_rejected}, for the same reasons"
    text = (
        f"{place}: {_rows(len(delivery.landed))} landed as batch {delivery.batch_id}, "
        f"{count(delivery.rows_new, 'new version')}"
    )
    if delivery.still_rejected:
        text += f"; {still_rejected}"
    if delivery.rekeyed:
        text += f"; {len(delivery.rekeyed)} under another key than in quarantine"
    return text


def _not_landed(report: "ReplayReport") -> list[str]:
    """Return lines that say why rows were not landed, with the number of rows for each reason.

    Rows that are still rejected come first, then rows that were not replayed at all.
    """
    reasons = Counter(why.partition(":")[0] for one in report.still_rejected for why in one.reasons)
    lines = []
    for reason, rows in reasons.most_common(SHOWN):
        lines += wrapped(reason, 8, f"{rows:>6,}  ")
    if report.replayed_before:
        batches = sorted(set(report.replayed_before.values()))
        named = ", ".join(map(str, batches[:SHOWN])) + (", …" if len(batches) > SHOWN else "")
        replayed = _rows(len(report.replayed_before))
        lines += wrapped(f"{replayed} left out: already replayed (batch {named}).")
    left_out = {
        "refused because of their marking": report.refused_by_marking,
        "their records were erased": report.erased,
        "could not be split into cells. Only a corrected file can replay them": report.unsplit,
    }
    for why, number in left_out.items():
        if number:
            lines += wrapped(f"{_rows(number)} left out: {why}.")
    return lines


def _conclusion(report: "ReplayReport") -> list[str]:
    if not report.deliveries:
        return wrapped(f"{report.dataset}: nothing to replay; nothing has changed.")
    if not report.landed:
        changed = any(delivery.batch_id is not None for delivery in report.deliveries)
        rest = "the new reasons are recorded" if changed else "nothing has changed"
        return wrapped(f"{report.dataset}: no row landed; {rest}.")
    return wrapped(
        f"{report.dataset}: {_rows(report.landed)} landed. Next: `assurance run` computes the "
        "figures with them. marts.restatement then shows which past figures changed."
    )


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
        8,
        f"{row.rejected_id:>6}  ",
    )
    for reason in row.reasons:
        lines += wrapped(reason, 10)
    for reason in row.earlier_reasons:
        lines += wrapped(f"before a replay: {reason}", 10)
    return lines


def _next_steps(rows: Sequence[RejectedRow], counts: Sequence[ReasonCount]) -> list[str]:
    names = sorted({item.dataset for item in counts if item.reason != REFUSED_FOR_MARKING})
    if not any(row.status == "rejected" for row in rows):
        return ["Next: nothing, because all rows shown have been replayed."]
    if not names:
        return wrapped("Next: nothing here. Only the source can change the marking of these rows.")
    name = names[0] if len(names) == 1 else "DATASET"
    return wrapped(
        f"Next: `assurance quarantine export {name} --to FILE`, correct FILE, `assurance "
        f"quarantine replay {name} FILE`. If the declaration has changed and admits the rows, "
        "replay them without FILE."
    )


def _rows(number: int) -> str:
    return count(number, "row")

"""Record what people decide about records that are past their retention.

A decision is to erase the records, or to keep them until a day on which they come up for review
again. No answer keeps a record, and it stays on the list. The database functions stamp the login
and the time, and refuse that one person makes and confirms a decision.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from oic_assurance import clock
from oic_assurance.errors import UsageError
from oic_assurance.operations.erase.periods import next_review
from oic_assurance.operations.review.due import DueRecord, show_records
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect, refusals
from oic_assurance.warehouse.processing_log import dataset_mark, enter
from oic_assurance.warehouse.roles import REVIEW
from oic_assurance.warehouse.rows import all_records, one_value

Choice = Literal["erase", "keep"]

_DECIDE = """
select audit.decide_review(
    %(force)s, %(dataset)s, %(table)s, %(due)s, %(choice)s, %(until)s, %(why)s, %(account)s,
    %(second)s
)
"""
_SELECT = """
select decision_id, dataset, table_name, decision, keep_until, reason, records, account,
    decided_at, needs_second, confirmed_account, confirmed_at, carried_out_at, erased
from audit.retention_decision
where force_code = %(force)s
order by decision_id desc
"""


@dataclass(frozen=True)
class Decision:
    """A decision about records of one table that are past their retention. It names no record."""

    decision_id: int
    dataset: str
    decision: Choice
    records: int
    decided_at: datetime
    account: str
    reason: str
    table_name: str
    keep_until: date | None
    needs_second: bool
    confirmed_account: str | None
    confirmed_at: datetime | None
    carried_out_at: datetime | None
    erased: int | None

    @property
    def waits(self) -> bool:
        """Whether the decision waits for a second person."""
        return self.needs_second and self.confirmed_at is None


@dataclass(frozen=True)
class Wish:
    """What a person wants to decide, and why. `account` is the person's account."""

    choice: Choice
    reason: str
    account: str
    #: The day until which the records are kept. None means the last day that is allowed.
    until: date | None = None


def decide(settings: Settings, dataset: Dataset, keys: Sequence[str], wish: Wish) -> list[Decision]:
    """Record a decision about records of a dataset, and return it, one for each table.

    Without `keys`, the decision is about every record of the dataset that is undecided.

    Raises:
        UsageError: The reason is missing or names a record, a record is not on the list, the
            records would be kept beyond their next review, or the list has just changed.
    """
    if not wish.reason.strip():
        raise UsageError("A decision needs a reason: somebody will ask for it.")
    until = _until(dataset, wish)
    chosen = _chosen(settings, dataset, keys)
    if any(one.row_key and _names(wish.reason, one.row_key) for one in chosen):
        raise UsageError("The reason names a record: give one that does not identify it.")
    by_table: dict[str, list[int]] = {}
    for one in chosen:
        by_table.setdefault(one.table_name, []).append(one.due_id)
    made = [_decide(settings, dataset, table, ids, wish, until) for table, ids in by_table.items()]
    return [one for one in list_decisions(settings) if one.decision_id in made]


def confirm(settings: Settings, decision_id: int, account: str) -> Decision:
    """Confirm another person's decision, and return it.

    Raises:
        UsageError: The same account made the decision, or it does not wait for a confirmation.
    """
    with refusals(), connect(settings, role=REVIEW) as connection:
        connection.execute(
            "select audit.confirm_review(%s, %s, %s)",
            (settings.force_code, decision_id, account),
        )
        enter(
            connection,
            "erasure",
            f"decision {decision_id} about records past their retention was confirmed",
            because="a second person agrees",
        )
    return next(one for one in list_decisions(settings) if one.decision_id == decision_id)


def list_decisions(settings: Settings) -> list[Decision]:
    """Return every decision, the newest first."""
    with connect(settings, role=REVIEW) as connection:
        return all_records(connection, Decision, _SELECT, {"force": settings.force_code})


def last_day(name: str, today: date | None = None) -> date:
    """Return the last day until which records of a dataset may be kept by a decision of today."""
    day = today or clock.london_day(clock.utc_now())
    return next_review(find_dataset(name).retention, day)


def _chosen(settings: Settings, dataset: Dataset, keys: Sequence[str]) -> list[DueRecord]:
    due = show_records(settings, dataset)
    look = f"`assurance upkeep due {dataset.name}` shows the list"
    if not keys:
        undecided = [one for one in due if one.state == "undecided"]
        if not undecided:
            raise UsageError(f"{dataset.name}: no record waits for a decision: {look}.")
        return undecided
    missing = len(set(keys) - {one.row_key for one in due})
    if missing:
        raise UsageError(f"{dataset.name}: {missing} of the keys are not on the list: {look}.")
    return [one for one in due if one.row_key in keys]


def _until(dataset: Dataset, wish: Wish) -> date | None:
    if wish.choice == "erase":
        return None
    latest = last_day(dataset.name)
    if wish.until is not None and wish.until > latest:
        raise UsageError(
            f"{dataset.name}: records that are kept are reviewed again within "
            f"{dataset.retention.years_to_next_review} years: choose a day up to {latest}."
        )
    return wish.until or latest


def _decide(
    settings: Settings,
    dataset: Dataset,
    table: str,
    due: Sequence[int],
    wish: Wish,
    until: date | None,
) -> int:
    values = {
        "force": settings.force_code,
        "dataset": dataset.name,
        "table": table,
        "due": list(due),
        "choice": wish.choice,
        "until": until,
        "why": wish.reason.strip(),
        "account": wish.account,
        "second": settings.second_person,
    }
    with refusals(), connect(settings, role=REVIEW) as connection:
        decision = int(one_value(connection, _DECIDE, values))
        kept = f", until {until}" if until else ""
        enter(
            connection,
            "erasure",
            f"decision {decision}: {wish.choice} {len(due)} records of {dataset.name} that are "
            f"past their retention{kept}",
            because=wish.reason.strip(),
            concerns=[dataset_mark(dataset.name)],
        )
    return decision


def _names(text: str, key: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(key)}(?![^\W_])", text) is not None

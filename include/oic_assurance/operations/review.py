"""Review records that are past their retention: list them, record decisions, carry them out.

The list, `audit.retention_due`, says which records wait for a person. A record is on it until it is
erased, or until it is no longer past its retention, for example because it has changed. A record
that changed needs a new decision.

A decision is to erase the records, or to keep them until a day on which they come up for review
again. No answer keeps a record, and it stays on the list. The database functions stamp the login
and the time, and refuse that one person makes and confirms a decision.

Upkeep erases what people decided to erase. Each record leaves the list in the transaction that
erases it, so after an interruption the next call goes on with the rest.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal

from oic_assurance import clock
from oic_assurance.errors import UsageError
from oic_assurance.operations.erase.erase import ROLE, erase
from oic_assurance.operations.erase.expired import Expired, expired_tables
from oic_assurance.operations.erase.periods import next_review
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect, refusals
from oic_assurance.warehouse.locks import dataset_lock, release, try_take
from oic_assurance.warehouse.processing_log import dataset_mark, enter, seal_own
from oic_assurance.warehouse.roles import REVIEW
from oic_assurance.warehouse.rows import named_rows, one_value

Choice = Literal["erase", "keep"]

#: Reads how many records there are, and no key.
READER = "oic_gate"
#: A row leaves the list if its record is not past its retention, or if its period ends at another
#: moment than before.
_REMOVE = """
delete from audit.retention_due as due
where
    due.force_code = %(force)s and due.dataset = %(dataset)s and due.table_name = %(table)s
    and not exists (
        select from unnest(%(keys)s::text[], %(ends)s::timestamptz[]) as found (row_key, end_at)
        where found.row_key is not distinct from due.row_key
            and (found.end_at = due.due_at or found.row_key is null)
    )
"""
_ADD = """
insert into audit.retention_due (force_code, dataset, table_name, row_key, due_at)
select %(force)s, %(dataset)s, %(table)s, found.row_key, found.end_at
from unnest(%(keys)s::text[], %(ends)s::timestamptz[]) as found (row_key, end_at)
on conflict do nothing
"""
_SUMMARY = """
select dataset, table_name, records, undecided, unconfirmed, to_erase, kept, undecided_since
from audit.retention_summary
where force_code = %s
order by dataset, table_name
"""
#: A row without a key stands for all rows in quarantine that have no readable key.
_RECORDS = """
select row_key, table_name, due_at, state, since, due_id, dataset
from audit.retention_state
where force_code = %(force)s and dataset = %(dataset)s
    and (%(asked_at)s::timestamptz is null or greatest(listed_at, since) <= %(asked_at)s)
order by since, table_name, row_key
"""
_DECIDE = """
select audit.decide_review(
    %(force)s, %(dataset)s, %(table)s, %(due)s, %(choice)s, %(until)s, %(why)s, %(account)s,
    %(second)s
)
"""
#: A decision without a record on the list waits for nobody: its records left the list, or a later
#: decision is about them. Nobody can confirm it.
_DECISIONS = """
select decision_id, dataset, decision, records, decided_at, account, reason, table_name, keep_until,
    needs_second, confirmed_account, confirmed_at, carried_out_at, erased,
    case
        when needs_second and confirmed_at is null and exists (
            select from audit.retention_due as due where due.decision_id = decided.decision_id
        ) then 'a second person'
    end as waits_for
from audit.retention_decision as decided
where force_code = %s
order by decision_id desc
"""
#: If a second person is required now, a decision from before waits for one too.
_TO_ERASE = """
select state.dataset, state.table_name, state.decision_id, state.decided_at, state.row_key
from audit.retention_state as state
inner join audit.retention_decision as decided using (decision_id)
where
    state.force_code = %(force)s and state.state = 'to erase'
    and (decided.confirmed_at is not null or not %(second)s)
order by state.dataset, state.table_name, state.decision_id, state.row_key
"""
#: A decision has ended when none of its records is left on the list.
_ENDED = """
update audit.retention_decision as decided
set
    carried_out_at = clock_timestamp(),
    erased = (
        select coalesce(sum(erasure.records), 0)
        from audit.erasure as erasure
        where erasure.force_code = decided.force_code and erasure.dataset = decided.dataset
            and erasure.table_name = decided.table_name and erasure.kind = 'retention'
            and erasure.reason like '%%; decision ' || decided.decision_id
    )
where
    decided.force_code = %s and decided.decision = 'erase'
    and decided.carried_out_at is null
    and not exists (
        select from audit.retention_due as due where due.decision_id = decided.decision_id
    )
"""

# ---------------------------------------------------------------- the list


def refresh(settings: Settings, dataset: Dataset, *, dry_run: bool = False) -> Counter[str]:
    """Bring the list of a dataset up to date. Return how many records were added and removed.

    With `dry_run`, nothing is changed.
    """
    found = {expired.table.name: expired for expired in expired_tables(settings, dataset)}
    changed = Counter(added=0, removed=0)
    with connect(settings, role=ROLE) as connection:
        for table in dataset.tables:
            expired = found.get(table.name)
            ends: list[tuple[str | None, datetime]] = [*expired.ends.items()] if expired else []
            if expired and expired.unkeyed_end is not None:
                ends.append((None, expired.unkeyed_end))
            values = {
                "force": settings.force_code,
                "dataset": dataset.name,
                "table": table.name,
                "keys": [key for key, _ in ends],
                "ends": [end for _, end in ends],
            }
            changed["removed"] += connection.execute(_REMOVE, values).rowcount
            changed["added"] += connection.execute(_ADD, values).rowcount
        if dry_run:
            connection.rollback()
    return changed


def list_due(settings: Settings) -> list[Any]:
    """Return, for each table, how many records are past their retention. No key is read."""
    with connect(settings, role=READER) as connection:
        return named_rows(connection, _SUMMARY, (settings.force_code,))


def show_records(
    settings: Settings, dataset: Dataset, asked_at: datetime | None = None
) -> list[Any]:
    """Return the records of a dataset that are past their retention, with their keys.

    With `asked_at`, only those that waited at that moment already.

    The look is logged (DPA 2018 section 62). The records that have waited longest come first.
    """
    values = {"force": settings.force_code, "dataset": dataset.name, "asked_at": asked_at}
    with connect(settings, role=REVIEW) as connection:
        found = named_rows(connection, _RECORDS, values)
        if found:
            enter(
                connection,
                "consultation",
                f"keys of {len(found)} records of {dataset.name} that are past their retention",
                because="to review them",
                concerns=[dataset_mark(dataset.name)],
            )
    return found


# ---------------------------------------------------------------- decisions


@dataclass(frozen=True)
class Wish:
    """What a person wants to decide, and why. `account` is the person's account."""

    choice: Choice
    reason: str
    account: str
    #: The day until which the records are kept. None means the last day that is allowed.
    until: date | None = None
    #: When the person was told what waits. The list grows every night, and what came onto it later
    #: is not decided. None means now.
    asked_at: datetime | None = None


def decide(settings: Settings, dataset: Dataset, keys: Sequence[str], wish: Wish) -> list[Any]:
    """Record a decision about records of a dataset, and return it, one for each table.

    Without `keys`, the decision is about every record of the dataset that is undecided.

    Raises:
        UsageError: The reason is missing or names a record, a record is not on the list, the
            records would be kept beyond their next review, or the list has just changed.
    """
    why, until, latest = wish.reason.strip(), None, last_day(dataset)
    if not why:
        raise UsageError("A decision needs a reason: somebody will ask for it.")
    if wish.choice == "keep":
        until = wish.until or latest
        if until > latest:
            raise UsageError(
                f"{dataset.name}: records that are kept are reviewed again within "
                f"{dataset.retention.years_to_next_review} years: choose a day up to {latest}."
            )
    due = show_records(settings, dataset, wish.asked_at)
    chosen = [one for one in due if (one.row_key in keys if keys else one.state == "undecided")]
    look = f"`assurance upkeep due {dataset.name}` shows the list"
    if missing := len(set(keys) - {one.row_key for one in due}):
        raise UsageError(f"{dataset.name}: {missing} of the keys are not on the list: {look}.")
    if not chosen:
        raise UsageError(f"{dataset.name}: no record waits for a decision: {look}.")
    by_key = (one.row_key for one in chosen if one.row_key)
    if any(re.search(rf"(?<![^\W_]){re.escape(key)}(?![^\W_])", why) for key in by_key):
        raise UsageError("The reason names a record: give one that does not identify it.")
    made = []
    for table in dict.fromkeys(one.table_name for one in chosen):
        ids = [one.due_id for one in chosen if one.table_name == table]
        values = {
            "force": settings.force_code,
            "dataset": dataset.name,
            "table": table,
            "due": ids,
            "choice": wish.choice,
            "until": until,
            "why": why,
            "account": wish.account,
            "second": settings.second_person,
        }
        with refusals(), connect(settings, role=REVIEW) as connection:
            made.append(one_value(connection, _DECIDE, values))
            kept = f", until {until}" if until else ""
            enter(
                connection,
                "erasure",
                f"decision {made[-1]}: {wish.choice} {len(ids)} records of {dataset.name} that are "
                f"past their retention{kept}",
                because=why,
                concerns=[dataset_mark(dataset.name)],
            )
    return [one for one in list_decisions(settings) if one.decision_id in made]


def confirm(settings: Settings, decision_id: int, account: str) -> Any:
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


def list_decisions(settings: Settings) -> list[Any]:
    """Return every decision, the newest first. A decision names no record."""
    with connect(settings, role=REVIEW) as connection:
        return named_rows(connection, _DECISIONS, (settings.force_code,))


def last_day(dataset: Dataset) -> date:
    """Return the last day until which records of a dataset may be kept by a decision of today."""
    return next_review(dataset.retention, clock.london_day(clock.utc_now()))


# ---------------------------------------------------------------- the form of Airflow


def show_undecided(settings: Settings, dataset: str) -> list[str]:
    """Return lines that say how many records of a dataset wait for a decision, without keys.

    The list is empty if none waits.
    """
    lines = [
        f"{one.table_name}: {one.undecided} records past their retention, the oldest waits since "
        f"{clock.london_day(one.undecided_since)}"
        for one in list_due(settings)
        if one.dataset == dataset and one.undecided
    ]
    latest = last_day(find_dataset(dataset))
    return [*lines, f"to keep: until {latest} at the latest"] if lines else []


def decide_all(
    settings: Settings,
    dataset: str,
    *,
    is_kept: bool,
    account: str,
    reason: str,
    until: str,
    asked_at: datetime,
) -> None:
    """Record a person's decision about all records of a dataset that waited for one at `asked_at`.

    `until` is a day such as 2028-06-30, or empty for the next review. It is used only to keep.

    Raises:
        UsageError: The reason is missing, the day is none or is too late, or nothing waits.
    """
    try:
        day = date.fromisoformat(until) if is_kept and until else None
    except ValueError as error:
        raise UsageError(f"'{until}' is not a day such as 2028-06-30.") from error
    wish = Wish("keep" if is_kept else "erase", reason, account, day, asked_at)
    decide(settings, find_dataset(dataset), [], wish)
    seal_own(settings)


def unconfirmed(settings: Settings, dataset: str) -> list[Any]:
    """Return the decisions about a dataset that wait for a second person."""
    return [one for one in list_decisions(settings) if one.dataset == dataset and one.waits_for]


def confirm_all(settings: Settings, dataset: str, account: str, asked_at: datetime) -> None:
    """Confirm the decisions about a dataset that waited for a second person at `asked_at`.

    Raises:
        UsageError: The account made one of the decisions.
    """
    for one in unconfirmed(settings, dataset):
        # The person has not seen a decision that was made while the form was open.
        if one.decided_at <= asked_at:
            confirm(settings, one.decision_id, account)
    seal_own(settings)


# ---------------------------------------------------------------- what was decided


@dataclass
class Erased:
    """What `erase_decided` has erased, or would erase, and which datasets it left for later."""

    records: int = 0
    rows: int = 0
    #: Datasets that another process was using.
    in_use: list[str] = field(default_factory=list)
    #: Why the rest was left for the next call. None if nothing was left.
    stopped: str | None = None


def erase_decided(
    settings: Settings, *, dry_run: bool, stop: Callable[[], str | None] = lambda: None
) -> Erased:
    """Erase the records whose erasure was decided and, if required, confirmed.

    A decision is carried out only for records that are still past their retention: the list is
    brought up to date first. `stop` is asked before each dataset. If it returns a reason, the rest
    is left for the next call. A dataset that another process is using is left too: upkeep never
    waits for a landing. With `dry_run`, nothing is erased.

    Raises:
        AssuranceError: An archived batch cannot be searched, or the database fails.
    """
    done = Erased()
    for name in sorted({one.dataset for one in _to_erase(settings)} & datasets().keys()):
        done.stopped = stop()
        if done.stopped:
            break
        dataset = datasets()[name]
        lock = dataset_lock(settings.force_code, name)
        with connect(settings, role=ROLE, autocommit=True) as connection:
            if not try_take(connection, lock):
                done.in_use.append(name)
                continue
            release(connection, lock)
        if not dry_run:
            refresh(settings, dataset)
        tables = {table.name: table for table in dataset.tables}
        decided = [one for one in _to_erase(settings) if one.dataset == name]
        for (table, decision_id), group in groupby(
            decided, key=lambda one: (one.table_name, one.decision_id)
        ):
            records = list(group)
            keys = [one.row_key for one in records if one.row_key is not None]
            request = Expired(dataset, tables[table], {}, None).request(
                keys,
                unkeyed_at=records[0].decided_at if len(keys) < len(records) else None,
                because=f"decision {decision_id}",
            )
            found = erase(settings, request, dry_run=dry_run)
            done.records += len(records)
            done.rows += found.raw.total() + found.rejected.total()
    if not dry_run:
        with connect(settings, role=ROLE) as connection:
            connection.execute(_ENDED, (settings.force_code,))
    return done


def _to_erase(settings: Settings) -> list[Any]:
    with connect(settings, role=ROLE) as connection:
        values = {"force": settings.force_code, "second": settings.second_person}
        return named_rows(connection, _TO_ERASE, values)

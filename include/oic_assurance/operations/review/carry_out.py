"""Erase the records that people have decided to erase.

A decision is carried out only for records that are still past their retention: the list is brought
up to date first. Each record leaves the list in the transaction that erases it, so after an
interruption the next call goes on with the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from oic_assurance.operations.erase.erase import ROLE, erase
from oic_assurance.operations.erase.expired import Expired
from oic_assurance.operations.review.due import refresh
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import dataset_lock, release, try_take
from oic_assurance.warehouse.rows import all_records

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
    decided.force_code = %(force)s and decided.decision = 'erase'
    and decided.carried_out_at is null
    and not exists (
        select from audit.retention_due as due where due.decision_id = decided.decision_id
    )
"""


@dataclass
class Erased:
    """What `erase_decided` has erased, or would erase, and which datasets it left for later."""

    records: int = 0
    rows: int = 0
    datasets: set[str] = field(default_factory=set)
    #: Datasets that another process was using.
    in_use: list[str] = field(default_factory=list)
    #: Why the rest was left for the next call. None if nothing was left.
    stopped: str | None = None


@dataclass(frozen=True)
class _Decided:
    dataset: str
    table_name: str
    decision_id: int
    decided_at: datetime
    row_key: str | None


def erase_decided(
    settings: Settings, *, dry_run: bool, stop: Callable[[], str | None] = lambda: None
) -> Erased:
    """Erase the records whose erasure was decided and, if required, confirmed.

    `stop` is asked before each dataset. If it returns a reason, the rest is left for the next call.
    A dataset that another process is using is left too. With `dry_run`, nothing is erased.

    Raises:
        AssuranceError: An archived batch cannot be searched, or the database fails.
    """
    done = Erased()
    for name in sorted({one.dataset for one in _to_erase(settings)} & datasets().keys()):
        done.stopped = stop()
        if done.stopped:
            break
        dataset = datasets()[name]
        if _is_in_use(settings, dataset):
            done.in_use.append(name)
            continue
        if not dry_run:
            refresh(settings, dataset)
        _erase(settings, dataset, done, dry_run=dry_run)
    if not dry_run:
        with connect(settings, role=ROLE) as connection:
            connection.execute(_ENDED, {"force": settings.force_code})
    return done


def _erase(settings: Settings, dataset: Dataset, done: Erased, *, dry_run: bool) -> None:
    decided = [one for one in _to_erase(settings) if one.dataset == dataset.name]
    tables = {table.name: table for table in dataset.tables}
    for (table_name, decision_id), group in groupby(
        decided, key=lambda one: (one.table_name, one.decision_id)
    ):
        records = list(group)
        keys = [one.row_key for one in records if one.row_key is not None]
        has_unkeyed = len(keys) < len(records)
        request = Expired(dataset, tables[table_name], {}, None).request(
            keys,
            unkeyed_at=records[0].decided_at if has_unkeyed else None,
            because=f"decision {decision_id}",
        )
        found = erase(settings, request, dry_run=dry_run)
        done.records += len(records)
        done.rows += found.raw.total() + found.rejected.total()
        done.datasets.add(dataset.name)


def _to_erase(settings: Settings) -> list[_Decided]:
    with connect(settings, role=ROLE) as connection:
        values = {"force": settings.force_code, "second": settings.second_person}
        return all_records(connection, _Decided, _TO_ERASE, values)


def _is_in_use(settings: Settings, dataset: Dataset) -> bool:
    """Tell whether another process holds the dataset's lock. Upkeep never waits for a landing."""
    lock = dataset_lock(settings.force_code, dataset.name)
    with connect(settings, role=ROLE, autocommit=True) as connection:
        if not try_take(connection, lock):
            return True
        release(connection, lock)
    return False

"""Keep the list of records that are past their retention, `audit.retention_due`.

The list says which records wait for a person. A record is on it until it is erased, or until it is
no longer past its retention, for example because it has changed. A record that changed needs a new
decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.operations.erase.erase import ROLE
from oic_assurance.operations.erase.expired import Expired, expired_tables
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import dataset_mark, enter
from oic_assurance.warehouse.roles import REVIEW
from oic_assurance.warehouse.rows import all_records

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
where force_code = %(force)s
order by dataset, table_name
"""
_RECORDS = """
select due_id, dataset, table_name, row_key, due_at, state, since
from audit.retention_state
where force_code = %(force)s and dataset = %(dataset)s
order by since, table_name, row_key
"""


@dataclass(frozen=True)
class Listed:
    """How the list of one or more datasets has changed."""

    added: int = 0
    removed: int = 0

    def __add__(self, other: "Listed") -> "Listed":
        """Return the changes of both."""
        return Listed(self.added + other.added, self.removed + other.removed)


@dataclass(frozen=True)
class DueTable:
    """How many records of one table are past their retention, and what was decided about them."""

    dataset: str
    table_name: str
    records: int
    #: Records about which nobody has decided, or whose next review has come.
    undecided: int
    #: Records with a decision that waits for a second person.
    unconfirmed: int
    to_erase: int
    kept: int
    #: Since when the oldest undecided record has waited.
    undecided_since: datetime | None


@dataclass(frozen=True)
class DueRecord:
    """A record that is past its retention.

    Without a key, it stands for all rows in quarantine that have no readable key.
    """

    row_key: str | None
    table_name: str
    due_at: datetime
    since: datetime
    state: str
    due_id: int
    dataset: str


def refresh(settings: Settings, dataset: Dataset, now: datetime | None = None) -> Listed:
    """Bring the list of a dataset up to date, as at `now` (default: the present moment)."""
    found = {expired.table.name: expired for expired in expired_tables(settings, dataset, now)}
    changed = Listed()
    with connect(settings, role=ROLE) as connection:
        for table in dataset.tables:
            expired = found.get(table.name)
            changed += _refresh(connection, settings.force_code, dataset, table, expired)
    return changed


def refresh_all(settings: Settings, *, dry_run: bool) -> Listed:
    """Bring the whole list up to date. With `dry_run`, only count what would change."""
    if not dry_run:
        changes = [refresh(settings, dataset) for dataset in datasets().values()]
        return sum(changes, start=Listed())
    changed = Listed()
    for dataset in datasets().values():
        now = {
            (expired.table.name, key): end
            for expired in expired_tables(settings, dataset)
            for key, end in _ends(expired)
        }
        before = {
            (one.table_name, one.row_key): one.due_at for one in _records(settings, dataset, ROLE)
        }
        changed += Listed(len(now.keys() - before.keys()), len(before.keys() - now.keys()))
    return changed


def list_due(settings: Settings) -> list[DueTable]:
    """Return, for each table, how many records are past their retention. No key is read."""
    with connect(settings, role=READER) as connection:
        return all_records(connection, DueTable, _SUMMARY, {"force": settings.force_code})


def show_records(settings: Settings, dataset: Dataset) -> list[DueRecord]:
    """Return the records of a dataset that are past their retention, with their keys.

    The look is logged (DPA 2018 section 62). The records that have waited longest come first.
    """
    with connect(settings, role=REVIEW) as connection:
        found = _query(connection, settings, dataset)
        if found:
            enter(
                connection,
                "consultation",
                f"keys of {len(found)} records of {dataset.name} that are past their retention",
                because="to review them",
                concerns=[dataset_mark(dataset.name)],
            )
    return found


def _refresh(
    connection: psycopg.Connection,
    force: str,
    dataset: Dataset,
    table: Table,
    expired: Expired | None,
) -> Listed:
    ends = _ends(expired) if expired else []
    values = {
        "force": force,
        "dataset": dataset.name,
        "table": table.name,
        "keys": [key for key, _ in ends],
        "ends": [end for _, end in ends],
    }
    removed = connection.execute(_REMOVE, values).rowcount
    return Listed(connection.execute(_ADD, values).rowcount, removed)


def _ends(expired: Expired) -> list[tuple[str | None, datetime]]:
    """Return the keys with the ends of their periods. None stands for rows without a key."""
    ends: list[tuple[str | None, datetime]] = list(expired.ends.items())
    if expired.unkeyed_end is not None:
        ends.append((None, expired.unkeyed_end))
    return ends


def _records(settings: Settings, dataset: Dataset, role: str) -> Sequence[DueRecord]:
    with connect(settings, role=role) as connection:
        return _query(connection, settings, dataset)


def _query(connection: psycopg.Connection, settings: Settings, dataset: Dataset) -> list[DueRecord]:
    values = {"force": settings.force_code, "dataset": dataset.name}
    return all_records(connection, DueRecord, _RECORDS, values)

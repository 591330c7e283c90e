"""Carry out the recalls that landing has recorded.

A recall has two steps. First, the records are withdrawn from readers at once, however many there
are. The withdrawal can be undone: if a record's marking is lowered, the next build shows the record
again. Second, the records are erased, which is final. If many markings rise within a day, a mistake
in the source is the likely cause. So the erasure then waits for a person's approval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.errors import UsageError
from oic_assurance.operations.erase.erase import ROLE, erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.recall.withdraw import withdraw
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect, person, refusals
from oic_assurance.warehouse.processing_log import enter
from oic_assurance.warehouse.rows import all_records, find_record, one_value

#: At most this many records of one dataset are erased within a day without a person's approval.
MOST_WITHOUT_APPROVAL = 20
#: The reason that is stored in the log of erasures.
REASON = "its marking rose above the ceiling"

_SELECT = """
select recall_id, dataset, table_name, noticed_at, records, withdrawn_at, withdrawn_rows,
    approved_by, reason, ended_at, outcome,
    (
        select count(*) from audit.recalled_record as record
        where record.recall_id = recall.recall_id
    ) as left_to_erase
from audit.recall as recall
where force_code = %(force)s
"""


@dataclass(frozen=True)
class Recall:
    """One recall: how many records of a dataset it concerns, and what has been done about them."""

    recall_id: int
    dataset: str
    noticed_at: datetime
    records: int
    #: How many of the records are not yet erased and still have a marking that is not admitted.
    left_to_erase: int
    outcome: str | None
    table_name: str
    withdrawn_at: datetime | None
    withdrawn_rows: int | None
    approved_by: str | None
    reason: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class _Record:
    recall_id: int
    row_key: str
    names: list[str]


def list_recalls(settings: Settings) -> list[Recall]:
    """Return every recall, newest first."""
    with connect(settings, role=ROLE) as connection:
        return all_records(
            connection,
            Recall,
            f"{_SELECT} order by recall_id desc".encode(),
            {"force": settings.force_code},
        )


def carry_out(settings: Settings, dataset: Dataset) -> int:
    """Withdraw the recalled records of a dataset, and erase them unless a person must approve.

    After an interruption, the next call continues. Returns how many records were erased.

    Raises:
        AssuranceError: An archived batch cannot be searched, or the database fails. The records
            stay withdrawn.
    """
    force = settings.force_code
    with connect(settings, role=ROLE) as connection:
        to_withdraw = _records(connection, force, dataset, "recall.withdrawn_at is null")
    if to_withdraw:
        _withdraw(settings, dataset, to_withdraw)
    with connect(settings, role=ROLE) as connection:
        needs_nobody = _recent(connection, force, dataset) <= MOST_WITHOUT_APPROVAL
        which = "true" if needs_nobody else "recall.approved_at is not null"
        to_erase = _records(connection, force, dataset, which)
    if to_erase:
        _erase(settings, dataset, to_erase)
    return len(to_erase)


def approve(settings: Settings, recall_id: int, who: str, reason: str) -> Recall:
    """Approve the erasure of a recall, and erase its records.

    `who` is the login of the person who approves. Of a person who acts with a login of their own,
    only the approval is recorded: the next run erases the records.

    Raises:
        UsageError: The reason is missing, or the recall does not wait for an approval.
    """
    if not reason.strip():
        raise UsageError("An approval needs a reason: somebody will ask for it.")
    with connect(settings, role=ROLE) as connection:
        found = find_record(
            connection,
            Recall,
            f"{_SELECT} and recall_id = %(recall)s".encode(),
            {"force": settings.force_code, "recall": recall_id},
        )
        if found is None or found.ended_at is not None:
            raise UsageError(
                f"Recall {recall_id} does not wait for an approval: `assurance erase recalls` shows"
                " the recalls that do."
            )
        if person() is None:
            connection.execute(
                """
                update audit.recall
                set approved_at = clock_timestamp(), approved_by = %s, reason = %s
                where recall_id = %s
                """,
                (who, reason.strip(), recall_id),
            )
        else:
            with refusals():
                connection.execute(
                    "select audit.approve_recall(%s, %s, %s)",
                    (settings.force_code, recall_id, reason),
                )
        enter(
            connection,
            "erasure",
            f"the erasure of recall {recall_id} ({found.dataset}, {found.records} records) was"
            f" approved: {reason.strip()}",
        )
    if person() is None:
        carry_out(settings, find_dataset(found.dataset))
    return found


def _withdraw(settings: Settings, dataset: Dataset, records: Sequence[_Record]) -> None:
    marking = dataset.database.marking
    # If the declaration names no column as the reference, no mart names the records.
    reference = marking.reference if marking else None
    names = sorted({name for record in records for name in record.names})
    recalls = sorted({record.recall_id for record in records})
    withdraw(settings, recalls, reference, names, len(records))


def _erase(settings: Settings, dataset: Dataset, records: Sequence[_Record]) -> None:
    keys = tuple(sorted({record.row_key for record in records}))
    erase(settings, Request(dataset, dataset.tables[0], keys, REASON, "marking"))
    recalls = sorted({record.recall_id for record in records})
    with connect(settings, role=ROLE) as connection:
        connection.execute(
            "delete from audit.recalled_record where recall_id = any(%s) and row_key = any(%s)",
            (recalls, list(keys)),
        )
        connection.execute(
            """
            update audit.recall as recall set ended_at = clock_timestamp(), outcome = 'erased'
            where
                recall_id = any(%s) and ended_at is null
                and not exists (
                    select from audit.recalled_record as record
                    where record.recall_id = recall.recall_id
                )
            """,
            (recalls,),
        )


def _records(
    connection: psycopg.Connection, force: str, dataset: Dataset, which: str
) -> list[_Record]:
    return all_records(
        connection,
        _Record,
        f"""
        select record.recall_id, record.row_key, record.names
        from audit.recalled_record as record inner join audit.recall as recall using (recall_id)
        where record.force_code = %(force)s and record.dataset = %(dataset)s and {which}
        order by record.recall_id, record.row_key
        """.encode(),  # noqa: S608 - a constant of this module
        {"force": force, "dataset": dataset.name},
    )


def _recent(connection: psycopg.Connection, force: str, dataset: Dataset) -> int:
    """Return the number of records in unapproved recalls that are open or at most one day old."""
    return int(
        one_value(
            connection,
            """
            select coalesce(sum(records), 0)
            from audit.recall
            where
                force_code = %(force)s and dataset = %(dataset)s and approved_at is null
                and outcome is distinct from 'lowered'
                and (ended_at is null or noticed_at > clock_timestamp() - interval '1 day')
            """,
            {"force": force, "dataset": dataset.name},
        )
    )

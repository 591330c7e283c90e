"""Withdraw and erase landed records whose marking has risen above the ceiling.

A recall has two steps. First, the records are withdrawn from readers at once, however many there
are: rows about them are deleted from every kept publication, and elsewhere the columns that name
them are blanked. Figures that count them stay until the next publication. The withdrawal can be
undone: if a record's marking is lowered, the next build shows the record again.

Second, the records are erased, which is final. If many markings rise within a day, a mistake in the
source is the likely cause. So the erasure then waits for a person's approval.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from oic_assurance.errors import UsageError
from oic_assurance.operations.erase.erase import ROLE, erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.publishing.generations import read_parts
from oic_assurance.publishing.publication import find_current, sole_publisher
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect, person, refusals
from oic_assurance.warehouse.processing_log import enter
from oic_assurance.warehouse.rows import named_rows, one_value

#: At most this many records of one dataset are erased within a day without a person's approval.
MOST_WITHOUT_APPROVAL = 20
#: The reason that is stored in the log of erasures.
REASON = "its marking rose above the ceiling"
#: How long a withdrawal waits for a publication that is under way.
PATIENCE = "10min"
#: The role that builds the candidate and owns its tables until they are published.
BUILDER = "oic_transform"
#: The column of `assurance_exception` that names the exception's record.
_ANY_RECORD = "record_ref"
#: What says something about a record other than its name, and is blanked together with the name.
_TOLD_BY_RECORD = {("fct_nccu_referral", "report_urn"): ("hours_to_submission",)}

#: `left_to_erase` counts the records that are not yet erased and still have a marking that is not
#: admitted.
_RECALLS = """
select recall_id, dataset, noticed_at, records,
    (
        select count(*) from audit.recalled_record as record
        where record.recall_id = recall.recall_id
    ) as left_to_erase,
    outcome, table_name, withdrawn_at, withdrawn_rows, approved_by, reason, ended_at
from audit.recall as recall
where force_code = %s
order by recall_id desc
"""
_RECORDS = """
select record.recall_id, record.row_key, record.names,
    recall.withdrawn_at is null as is_shown,
    recall.approved_at is not null as is_approved
from audit.recalled_record as record inner join audit.recall as recall using (recall_id)
where record.force_code = %s and record.dataset = %s
order by record.recall_id, record.row_key
"""
#: How many records are in unapproved recalls that are open or at most one day old.
_RECENT = """
select coalesce(sum(records), 0)
from audit.recall
where
    force_code = %s and dataset = %s and approved_at is null
    and outcome is distinct from 'lowered'
    and (ended_at is null or noticed_at > clock_timestamp() - interval '1 day')
"""
#: The columns of a schema's tables that can name a record. A row is about the record if it cannot
#: do without the name.
_NAMING_COLUMNS = """
select c.relname, a.attname,
    a.attname = %(any_record)s or a.attnotnull or exists (
        select
        from pg_catalog.pg_index as i
        where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey)
    )
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c on a.attrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    n.nspname = %(schema)s and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    and a.attname in (%(reference)s, %(any_record)s)
order by c.relname, a.attname
"""


def list_recalls(settings: Settings) -> list[Any]:
    """Return every recall, newest first, with how many records are left to erase."""
    with connect(settings, role=ROLE) as connection:
        return named_rows(connection, _RECALLS, (settings.force_code,))


def carry_out(settings: Settings, dataset: Dataset) -> None:
    """Withdraw the recalled records of a dataset, and erase them unless a person must approve.

    After an interruption, the next call continues.

    Raises:
        AssuranceError: An archived batch cannot be searched, or the database fails. The records
            stay withdrawn.
    """
    which = (settings.force_code, dataset.name)
    with connect(settings, role=ROLE) as connection:
        found = named_rows(connection, _RECORDS, which)
    if shown := [record for record in found if record.is_shown]:
        _withdraw(settings, dataset, shown)
    with connect(settings, role=ROLE) as connection:
        needs_nobody = one_value(connection, _RECENT, which) <= MOST_WITHOUT_APPROVAL
        found = named_rows(connection, _RECORDS, which)
    to_erase = [record for record in found if needs_nobody or record.is_approved]
    if not to_erase:
        return
    keys = tuple(sorted({record.row_key for record in to_erase}))
    erase(settings, Request(dataset, dataset.tables[0], keys, REASON, "marking"))
    recalls = sorted({record.recall_id for record in to_erase})
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


def approve(settings: Settings, recall_id: int, who: str, reason: str) -> Any:
    """Approve the erasure of a recall, and erase its records. Returns the recall as it was.

    `who` is the login of the person who approves. Of a person who acts with a login of their own,
    only the approval is recorded: the next run erases the records.

    Raises:
        UsageError: The reason is missing, or the recall does not wait for an approval.
    """
    if not reason.strip():
        raise UsageError("An approval needs a reason: somebody will ask for it.")
    waiting = [one for one in list_recalls(settings) if one.ended_at is None]
    found = next((one for one in waiting if one.recall_id == recall_id), None)
    if found is None:
        raise UsageError(
            f"Recall {recall_id} does not wait for an approval: `assurance erase recalls` shows"
            " the recalls that do."
        )
    with refusals(), connect(settings, role=ROLE) as connection:
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
            connection.execute(
                "select audit.approve_recall(%s, %s, %s)", (settings.force_code, recall_id, reason)
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


def _withdraw(settings: Settings, dataset: Dataset, records: Sequence[Any]) -> None:
    """Withdraw records from every kept publication, and say so in `audit.recall`.

    The current publication is changed first. The rows are also deleted from an unpublished
    candidate. The candidate then differs from the tables that were checked, so it can no longer be
    published.

    Raises:
        psycopg.errors.LockNotAvailable: A publication is under way for longer than `PATIENCE`.
    """
    marking = dataset.database.marking
    # If the declaration names no column as the reference, no mart names the records.
    reference = marking.reference if marking else None
    names = sorted({name for record in records for name in record.names})
    recalls = sorted({record.recall_id for record in records})
    rows = 0
    withdrawn_from: list[str] = []
    with sole_publisher(settings, patience=PATIENCE) as connection:
        current = find_current(connection)
        shown = current.publication_id if current else None
        columns = _naming_columns(connection, GENERATION, reference)
        parts = read_parts(connection)
        for part in sorted(parts, key=lambda one: one.publication_id != shown):
            naming = [column for table, *column in columns if table == part.name]
            if removed := _remove(connection, part.identifier, part.table, naming, names):
                rows += removed
                withdrawn_from.append(f"{GENERATION}.{part.name}")
        with connect(settings, role=BUILDER) as builder:
            for schema in PUBLISHED_SCHEMAS:
                for table, *column in _naming_columns(builder, schema.candidate, reference):
                    place = Identifier(schema.candidate, table)
                    _remove(builder, place, table, [column], names)
        with connection.transaction():
            connection.execute(
                """
                update audit.recall
                set withdrawn_at = clock_timestamp(), withdrawn_rows = %s, withdrawn_from = %s
                where recall_id = any(%s)
                """,
                (rows, withdrawn_from, recalls),
            )
            enter(
                connection,
                "alteration",
                f"{len(records)} records were withdrawn from {rows} rows of publications, because"
                " their marking rose above the ceiling",
            )


def _naming_columns(
    connection: psycopg.Connection, schema: str, reference: str | None
) -> list[tuple[Any, ...]]:
    """Return table, column, and whether a row is about the record that the column names."""
    if reference is None:
        return []
    values = {"schema": schema, "reference": reference, "any_record": _ANY_RECORD}
    return connection.execute(_NAMING_COLUMNS, values).fetchall()


def _remove(
    connection: psycopg.Connection,
    place: Identifier,
    mart: str,
    columns: Iterable[Sequence[Any]],
    names: list[str],
) -> int:
    """Delete the rows about records, or blank the records' names. Return how many rows changed."""
    changed = 0
    for column, is_about_record in columns:
        named = SQL("{} = any(%s)").format(Identifier(column))
        blanked = (column, *_TOLD_BY_RECORD.get((mart, column), ()))
        nothing = SQL(", ").join(SQL("{} = null").format(Identifier(one)) for one in blanked)
        statement = (
            SQL("delete from {} where {}").format(place, named)
            if is_about_record
            else SQL("update {} set {} where {}").format(place, nothing, named)
        )
        changed += connection.execute(statement, (names,)).rowcount
    return changed

"""Erase records from raw, quarantine, the pseudonym table and the archive, and log the erasure.

First the archived batches are searched, and drafts without the records are written. Then one
transaction deletes the rows and writes the log. After its commit, the drafts replace the archived
files. An erasure that is killed before the commit has changed nothing. If an erasure is killed
after the commit, the next command replaces the files with the drafts.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from gzip import BadGzipFile
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.json import Jsonb

from oic_assurance.batches.archive_reader import UnreadableError, open_content
from oic_assurance.batches.archive_store import REWRITTEN, archive_store
from oic_assurance.batches.archive_writer import archived_files
from oic_assurance.builds.declared import read_declared
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.landing.erased_keys import hash_key, layer_secrets, name_in_log, read_layers
from oic_assurance.landing.pseudonyms import check_no_rekey, identifiers_query
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.operations.erase.search import Found, Request, Search
from oic_assurance.settings import PROJECT_ROOT, Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.storage.store import UNFINISHED, StoredFile
from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import dataset_lock, take
from oic_assurance.warehouse.processing_log import (
    batch_mark,
    dataset_mark,
    enter,
    erasure_mark,
    record_mark,
)
from oic_assurance.warehouse.rows import one_value

ROLE = "oic_erasure"
#: An entry of the log of processing holds marks for at most this many records. If more were erased,
#: `audit.erased_key` has the keyed hashes of the others.
_MARKED_RECORDS = 1_000

#: What an erasure deletes besides rows of raw and pseudonyms.
_DELETIONS: tuple[LiteralString, ...] = (
    "delete from audit.rejected_row where rejected_id = any(%(rejected)s)",
    # These rows were delivered under the key of another record. A correction then gave them the key
    # of an erased record. The rows are not deleted, because they show that the delivery listed the
    # other record. Only their content and the erased record's key are removed.
    """
    update audit.rejected_row set replayed_key = null, content = null
    where rejected_id = any(%(unnamed)s)
    """,
    # These rows were delivered under the key of an erased record. A correction then gave them the
    # key of another record. The rows are not deleted, because they prove that the other record came
    # from a replay. Only their content and the erased record's key are removed.
    """
    update audit.rejected_row set row_key = null, content = null
    where rejected_id = any(%(blanked)s)
    """,
    "delete from audit.replayed_row where batch_id = any(%(attempts)s) and row_key = any(%(keys)s)",
    # The list of records that are past their retention.
    """
    delete from audit.retention_due
    where
        force_code = %(force)s and dataset = %(dataset)s and table_name = %(table)s
        and (row_key = any(%(keys)s) or (row_key is null and %(with_unkeyed)s))
    """,
    # A recall that waits for an approval lists its records. It ends if all of them are erased.
    """
    delete from audit.recalled_record
    where
        force_code = %(force)s and dataset = %(dataset)s and table_name = %(table)s
        and row_key = any(%(keys)s)
    """,
    """
    update audit.recall as recall set ended_at = clock_timestamp(), outcome = 'erased'
    where
        force_code = %(force)s and dataset = %(dataset)s and ended_at is null
        and not exists (
            select from audit.recalled_record as record where record.recall_id = recall.recall_id
        )
    """,
    # Keys and values in the check results of builds that saw the records. The counts stay.
    """
    delete from audit.failing_row as f
    using audit.expectation_result as r, audit.build as b
    where
        f.result_id = r.result_id and r.build_id = b.build_id
        and b.known_batch_id >= %(first_batch)s
    """,
    """
    update audit.expectation_result as r set observed = null
    from audit.build as b
    where
        r.build_id = b.build_id and b.known_batch_id >= %(first_batch)s and r.observed is not null
    """,
)
# For each raw table: a pattern for the codes of exceptions about its records, and an SQL expression
# for the name that the events of exceptions use for a record (`record_ref`).
_EVENTS_OF_TABLE = {
    "nccu_referral": ("REFERRAL_%", "r.referral_ref"),
    "intelligence_report": ("DOCUMENT_%", "r.report_urn"),
    "custody_record": ("CUSTODY_%", "coalesce(r.occurrence_ref, 'custody ' || r.custody_id)"),
    "plan": ("PLAN_REVIEW_%", "r.plan_ref"),
    "board_action": ("BOARD_ACTION_%", "r.action_ref"),
    "plan_milestone": ("PLAN_MILESTONE_%", "r.plan_ref || ': ' || r.milestone"),
}

# A training exception is about an officer. If the officer's pseudonym no longer exists, the officer
# was erased.
_DELETE_TRAINING = """
delete from audit.exception_event as event
where
    event.force_code = %(force)s
    and event.exception_code in ('TRAINING_OUTSTANDING', 'HYDRA_PLACE_MISSING')
    and not exists (
        select
        from identity.pseudonym as known
        where known.force_code = event.force_code and known.officer_key = event.officer_key
    )
"""

# Events about other records stay, but without the key of the erased officer.
_CLEAR_OFFICERS = """
update audit.exception_event as event set officer_key = null
where
    event.force_code = %(force)s
    and event.officer_key is not null
    and not exists (
        select
        from identity.pseudonym as known
        where known.force_code = event.force_code and known.officer_key = event.officer_key
    )
"""


def erase(settings: Settings, request: Request, *, dry_run: bool = False) -> Found:
    """Erase records and log the erasure.

    Returns what was erased. With `dry_run`, erases nothing and returns what would be erased. The
    dataset cannot be landed during the call.

    Raises:
        UsageError: The reason contains a key. (The log must not identify an erased record.)
        AssuranceError: An archived batch cannot be searched. Nothing is erased.
    """
    for key in request.keys:
        if request.kind == "request" and _names(request.reason, key):
            raise UsageError("The reason names the record: give one that does not identify it.")
    with erasing(settings, request.dataset) as connection:
        if not raw_table_exists(connection, request.dataset, request.table):
            return Found()
        return _Erasure(settings, connection, request).run(dry_run)


def complete_interrupted(settings: Settings, dataset: Dataset) -> None:
    """Complete an erasure that was killed after its commit.

    The drafts replace the archived files.
    """
    with erasing(settings, dataset):
        pass


def tables_with(settings: Settings, dataset: Dataset, key: str) -> list[Table]:
    """Return the tables of a dataset that have rows with a key in raw or quarantine."""
    found = []
    with connect(settings, role=ROLE) as connection:
        for table in dataset.tables:
            if not raw_table_exists(connection, dataset, table):
                continue
            is_known = one_value(
                connection,
                SQL(
                    """
                    select
                        exists (select from {} where force_code = %(force)s and row_key = %(key)s)
                        or exists (
                            select
                            from audit.rejected_row as r
                            inner join audit.batch as b using (batch_id)
                            where
                                b.force_code = %(force)s and r.dataset = %(dataset)s
                                and r.table_name = %(table)s and r.row_key = %(key)s
                        )
                    """
                ).format(raw_name(dataset, table)),
                {
                    "force": settings.force_code,
                    "key": key,
                    "dataset": dataset.name,
                    "table": table.name,
                },
            )
            if is_known:
                found.append(table)
    return found


@contextmanager
def erasing(settings: Settings, dataset: Dataset) -> Iterator[psycopg.Connection]:
    """Yield a session that may delete rows and holds the dataset's lock.

    At the end, no drafts are left: each has replaced its file or was deleted.
    """
    connection = connect(settings, role=ROLE, autocommit=True)
    try:
        connection.execute("set datestyle = 'ISO, YMD'")
        take(connection, dataset_lock(settings.force_code, dataset.name))
        check_no_rekey(connection)
        resolve_drafts(settings, connection, dataset)
        try:
            yield connection
        finally:
            # After an error, this call deletes the drafts, because their hashes are not in the log.
            if not connection.closed:
                resolve_drafts(settings, connection, dataset)
    except psycopg.Error as error:
        # The original error is suppressed because its details can hold values of the records.
        raise AssuranceError(
            f"{dataset.name}: the erasure failed: {reason(error)}. Run it again."
        ) from None
    finally:
        connection.close()


def resolve_drafts(settings: Settings, connection: psycopg.Connection, dataset: Dataset) -> None:
    """Replace files with their drafts if the log has the draft's hash. Delete all other drafts.

    Then the files agree with the log again. Only hashes are compared, so the erased keys do not
    have to be stored for this. Drafts of batches of another force or warehouse, which may be
    erasing records of the same dataset now, are left alone.

    Raises:
        ServerError: The archive cannot be reached. The next call continues.
    """
    store = archive_store(settings)
    rows = connection.execute(
        """
        select b.kept_as, (
            select e.sha256_after
            from audit.batch_erasure as e
            where e.batch_id = b.batch_id
            order by e.batch_erasure_id desc
            limit 1
        )
        from audit.batch as b
        where b.force_code = %s and b.dataset = %s and b.kept_as is not null
        """,
        (settings.force_code, dataset.name),
    ).fetchall()
    logged: dict[str, str | None] = dict(rows)
    for name in archived_files(store, dataset):
        replaces, ending, rest = name.partition(REWRITTEN)
        if not ending or replaces not in logged:
            continue
        draft = StoredFile(store, name)
        if not rest and logged[replaces] is not None and logged[replaces] == _sha256(draft):
            draft.move_to(StoredFile(store, replaces))
        elif not rest or rest.endswith(UNFINISHED):
            draft.remove()


def _sha256(draft: StoredFile) -> str | None:
    """Return the SHA-256 of a draft's content, or None if the draft is damaged.

    Raises:
        UnreadableError: The disk fails, or the share on which the archive is. The draft may be
            sound.
    """
    try:
        with open_content(draft) as content:
            return content.sha256
    except UnreadableError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and not isinstance(cause, BadGzipFile):
            raise
        return None


def delete_exception_events(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table
) -> None:
    """Delete events about records and officers that were erased.

    The events of an exception name the record and the officer's pseudonym. Raw keeps every version
    of every record ever landed. So a record was erased if it is no longer in the raw table, and an
    officer if the pseudonym no longer exists. This function must be called after the rows in raw
    and the pseudonyms have been deleted.
    """
    if table.name in _EVENTS_OF_TABLE:
        codes, name = _EVENTS_OF_TABLE[table.name]
        connection.execute(
            SQL(
                """
                delete from audit.exception_event as event
                where
                    event.force_code = %(force)s
                    and event.exception_code like %(codes)s
                    and not exists (
                        select from {raw} as r
                        where r.force_code = event.force_code and {name} = event.record_ref
                    )
                """
            ).format(raw=raw_name(dataset, table), name=SQL(name)),
            {"force": force, "codes": codes},
        )
    connection.execute(_DELETE_TRAINING, {"force": force})
    connection.execute(_CLEAR_OFFICERS, {"force": force})


def _names(text: str, key: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(key)}(?![^\W_])", text) is not None


class _Erasure(Search):
    """The erasure for one request, on a connection that holds the lock of the dataset."""

    def run(self, dry_run: bool) -> Found:
        found = self.find(write=not dry_run)
        if not found:
            return found
        with self.connection.transaction(force_rollback=dry_run):
            names = self._names()
            found.pseudonyms = self._delete_pseudonyms(self._delete_raw())
            values = {
                "force": self._force,
                "dataset": self._dataset.name,
                "table": self._table.name,
                "keys": list(self.request.keys),
                "with_unkeyed": self.request.unkeyed_before is not None,
                "first_batch": min(found.batches),
                "rejected": found.rejected_ids,
                "unnamed": found.unnamed_ids,
                "blanked": found.blanked_ids,
                "attempts": list(found.attempts),
            }
            for statement in _DELETIONS:
                self.connection.execute(statement, values)
            delete_exception_events(self.connection, self._force, self._dataset, self._table)
            # The log is written after the deletions, so a build that is opened after the logged
            # time cannot see the erased records.
            self._log(found, names)
        return found

    def _names(self) -> set[str]:
        """Return the names of the records, if the rules name them by another column than the key.

        `explain` then knows a record again that is asked for by its name.
        """
        column = read_declared(PROJECT_ROOT).name_of(self._dataset.name, self._table.name)
        if column is None or [column] == list(self._table.key):
            return set()
        rows = self.connection.execute(
            SQL(
                "select distinct {column}::text from {raw}"
                " where force_code = %s and row_key = any(%s) and {column} is not null"
            ).format(column=Identifier(column), raw=self._raw),
            (self._force, list(self.request.keys)),
        ).fetchall()
        return {name_in_log(column, value) for (value,) in rows}

    # ---------------------------------------------------------------- delete

    def _delete_raw(self) -> list[tuple[str, str]]:
        """Delete versions and tombstones of the records from raw.

        Returns the employee and collar numbers in the deleted rows, each with its kind.
        """
        numbers: set[tuple[str, str]] = set()
        for column in self._table.columns:
            if not column.identifies:
                continue
            rows = self.connection.execute(
                SQL(
                    "select distinct {} from {} where force_code = %s and row_key = any(%s)"
                ).format(Identifier(column.name), self._raw),
                (self._force, list(self.request.keys)),
            ).fetchall()
            numbers |= {(str(column.identifies), value) for (value,) in rows if value}
        self.connection.execute(
            SQL("delete from {} where force_code = %s and row_key = any(%s)").format(self._raw),
            (self._force, list(self.request.keys)),
        )
        return sorted(numbers)

    def _delete_pseudonyms(self, numbers: Sequence[tuple[str, str]]) -> int:
        """Delete the pseudonyms of numbers that are no longer in raw, and return how many."""
        if not numbers:
            return 0
        statement: Composed = SQL(
            """
            delete from identity.pseudonym as p
            using unnest(%(kinds)s::text[], %(numbers)s::text[]) as gone (kind, identifier)
            where
                p.force_code = %(force)s and p.kind = gone.kind
                and p.identifier = gone.identifier
                and not exists (
                    select from ({}) as seen
                    where seen.kind = p.kind and seen.identifier = p.identifier
                )
            """
        ).format(identifiers_query(self.connection))
        values = {
            "kinds": [kind for kind, _ in numbers],
            "numbers": [number for _, number in numbers],
            "force": self._force,
        }
        return self.connection.execute(statement, values).rowcount

    # ---------------------------------------------------------------- log

    def _log(self, found: Found, names: set[str]) -> None:
        erasure_id = one_value(
            self.connection,
            """
            insert into audit.erasure (
                force_code, dataset, table_name, kind, reason, who, records, raw_rows,
                rejected_rows, kept_rows, pseudonyms, first_batch_id
            ) values (
                %s, %s, %s, %s, %s,
                'login ' || session_user || ', claimed account ' || %s,
                %s, %s, %s, %s, %s, %s
            )
            returning erasure_id
            """,
            (
                self._force,
                self._dataset.name,
                self._table.name,
                self.request.kind,
                self.request.reason,
                account_at_host(),
                len(self.request.keys),
                found.raw.total(),
                found.rejected.total(),
                found.archived_rows,
                found.pseudonyms,
                min(found.batches),
            ),
        )
        layers = read_layers(self.connection)
        secrets = layer_secrets(self.settings, layers)
        marks = {
            hash_key(secrets, self._force, self._dataset, self._table, key)
            for key in (*self.request.keys, *names)
        }
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "insert into audit.erased_key (erasure_id, key_mark, layers) values (%s, %s, %s)",
                [(erasure_id, one, layers) for one in sorted(marks)],
            )
        self._log_batches(found, erasure_id)
        what = (
            f"{self._dataset.name}, erasure {erasure_id}: {len(self.request.keys)} records "
            f"in {found.raw.total()} rows of raw, {found.rejected.total()} of quarantine and "
            f"{found.archived_rows} of archived batches"
        )
        enter(
            self.connection,
            "erasure",
            what,
            because=self.request.reason,
            record=[
                record_mark(self.settings, self._dataset.name, key)
                for key in self.request.keys[:_MARKED_RECORDS]
            ],
            concerns=(
                erasure_mark(erasure_id),
                dataset_mark(self._dataset.name),
                *map(batch_mark, sorted(found.batches)),
            ),
        )

    def _log_batches(self, found: Found, erasure_id: int) -> None:
        rewritten = {one.batch_id: one for one in found.rewritten}
        for batch_id in sorted(found.batches):
            one = rewritten.get(batch_id)
            self.connection.execute(
                """
                insert into audit.batch_erasure (
                    erasure_id, batch_id, sha256_before, sha256_after, places, raw_rows,
                    rejected_rows, in_normal_form
                )
                select %(erasure)s, b.batch_id, last.sha256, coalesce(%(after)s, last.sha256),
                    %(places)s, %(raw)s, %(rejected)s, %(in_normal_form)s
                from audit.batch as b
                cross join lateral (
                    select coalesce(
                        (
                            select e.sha256_after
                            from audit.batch_erasure as e
                            where e.batch_id = b.batch_id
                            order by e.batch_erasure_id desc
                            limit 1
                        ),
                        b.sha256
                    ) as sha256
                ) as last
                where b.batch_id = %(batch)s
                """,
                {
                    "erasure": erasure_id,
                    "batch": batch_id,
                    "after": one.sha256_after if one else None,
                    "places": Jsonb({self._table.name: one.row_numbers} if one else {}),
                    "raw": found.raw[batch_id] - found.restored[batch_id],
                    "rejected": found.rejected[batch_id],
                    "in_normal_form": one is not None and one.in_normal_form,
                },
            )

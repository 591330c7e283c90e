"""Report from the log of processing what was done with a person's records or with one record.

The log holds no officers' numbers and no record keys, only marks. So the report first finds the
marks of the person or the record. For this it searches raw (under the role for each lawful
purpose), quarantine and the log of erasures. This search is itself a consultation, so it is logged.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.sql import SQL, Identifier

from oic_assurance.errors import UsageError
from oic_assurance.landing.erased_keys import hashes_of
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.publishing.audiences import AGGREGATES, VIEWS
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import (
    batch_mark,
    build_mark,
    enter,
    erasure_mark,
    exception_mark,
    officer_mark,
    publication_mark,
    record_mark,
    value_mark,
)
from oic_assurance.warehouse.roles import AUDITOR
from oic_assurance.warehouse.rows import named_rows, one_value

#: The role that can look up an officer's pseudonym.
_PSEUDONYM_ROLE = "oic_transform"
_MART = "mart:"

#: How an entry concerns the person or record of the report. `named`: it is about the person or
#: record. `batch`: it is about a delivery that contains the record. `list`: it is about a later
#: full delivery, which may have listed the record again. `publication`: it is about a build or
#: publication made from such a delivery. `mart`: it is about a query of a mart of records, or of
#: something unknown, which may have shown the record. `all`: the report is not about one person or
#: record.
Relation = Literal["named", "batch", "list", "publication", "mart", "all"]
RELATIONS: tuple[Relation, ...] = ("named", "batch", "list", "publication", "mart")

_ENTRIES = """
select
    log_id, coalesce(happened_at, logged_at) as at, action, who, what, to_whom, because, run_id,
    claimed_by, client_addr, origin, concerns, 'all' as relation
from audit.processing_log
where
    (%(marks)s::text[] is null or concerns && %(marks)s::text[])
    and (%(since)s::timestamptz is null or coalesce(happened_at, logged_at) >= %(since)s)
    and (%(until)s::timestamptz is null or coalesce(happened_at, logged_at) < %(until)s)
order by coalesce(happened_at, logged_at), log_id
"""


#: Finds the builds that have read one of the batches, later full deliveries, and the marts that
#: were read. None is found without a batch.
_RELATED = """
select 'build' as kind, build_id::text as mark
from audit.build
where known_batch_id >= (select min(one) from unnest(%(batches)s::bigint[]) as one)
union all
select 'list', b.batch_id::text
from audit.batch as b
inner join unnest(%(lists)s::text[], %(first)s::bigint[]) as held (dataset, batch_id)
    on b.dataset = held.dataset and b.batch_id > held.batch_id
union all
select distinct 'mart', concern
from audit.processing_log, unnest(concerns) as concern
where origin = 'server log' and starts_with(concern, %(mart)s)
    and cardinality(%(batches)s::bigint[]) > 0
"""
_EARLIER_MARKS = """
with recursive earlier as (
    select mark_before from audit.officer_mark_before where mark = any(%(marks)s)
    union
    select older.mark_before
    from earlier
    inner join audit.officer_mark_before as older on earlier.mark_before = older.mark
)
select mark_before from earlier
"""


@dataclass
class LogReport:
    """The entries that concern a person or a record, or all entries of a period.

    An entry is a row of `_ENTRIES`. Its `relation` says how it concerns the subject.
    """

    about: str
    since: datetime | None
    until: datetime | None
    entries: list[Any] = field(default_factory=list)
    #: What a reader of the report needs to know about the entries, one sentence each.
    notes: list[str] = field(default_factory=list)


def report_on_person(
    settings: Settings,
    number: str,
    since: datetime | None = None,
    until: datetime | None = None,
    because: str | None = None,
) -> LogReport:
    """Return the entries that concern an officer, who is given by employee or collar number.

    Raises:
        UsageError: Several officers have had the collar number.
        ServerError: The login may not read raw for one of the purposes.
    """
    with ExitStack() as stack:
        search = _Search(settings, stack)
        search.add_officer({number})
        search.log("a person", because)
        numbers = search.find_numbers(number)
        search.add_officer({one for values in numbers.values() for one in values})
        for dataset in datasets().values():
            for table in dataset.tables:
                search.find_person(dataset, table, numbers)
        return search.report("the person", since, until)


def report_on_record(
    settings: Settings,
    dataset_name: str,
    row_key: str,
    since: datetime | None = None,
    until: datetime | None = None,
    because: str | None = None,
) -> LogReport:
    """Return the entries that concern a record, which is given by its key in raw.

    Raises:
        UsageError: There is no such dataset.
        ServerError: The login may not read raw for the purpose of the dataset.
    """
    dataset = declared(dataset_name)
    with ExitStack() as stack:
        search = _Search(settings, stack)
        search.named = {
            record_mark(settings, dataset.name, row_key),
            value_mark(settings, row_key),
        }
        search.log(f"a record of {dataset.name}", because)
        for table in dataset.tables:
            search.find_records(dataset, table, "row_key", {row_key})
            search.find_past(dataset, table, {row_key})
        return search.report(f"the record of {dataset.name}", since, until)


def report_on_time(settings: Settings, since: datetime | None, until: datetime | None) -> LogReport:
    """Return all entries of a period."""
    with connect(settings, role=AUDITOR) as connection:
        rows = _rows(connection, None, since, until)
    return LogReport("all records", since, until, rows)


def _rows(
    connection: psycopg.Connection,
    marks: list[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> list[Any]:
    values = {"marks": marks, "since": since, "until": until}
    return named_rows(connection, _ENTRIES.encode(), values)


class _Search:
    """A search for where a person or record occurs in the warehouse, or occurred before an erasure.

    It has a session for each role that it needs, until `stack` is closed.
    """

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._sessions: dict[str, psycopg.Connection] = {}
        #: The marks that name the person or record.
        self.named: set[str] = set()
        self._batches: set[int] = set()
        #: Datasets with full deliveries, each with the first batch that held the person or record.
        #: Raw has no row for a later delivery that repeats a record unchanged.
        self._lists: dict[str, int] = {}
        self._notes: list[str] = []

    def _as_role(self, role: str) -> psycopg.Connection:
        if role not in self._sessions:
            session = connect(self._settings, role=role, autocommit=True)
            self._sessions[role] = self._stack.enter_context(session)
        return self._sessions[role]

    def _reading(self, dataset: Dataset, table: Table) -> psycopg.Connection | None:
        """Return a session that may read a table in raw, or None if the table does not exist."""
        session = self._as_role(f"{dataset.classification}_processing")
        return session if raw_table_exists(session, dataset, table) else None

    def _add_batches(self, dataset: Dataset, batches: Iterable[int]) -> None:
        """Add batches of a dataset that hold the person or record."""
        found = set(batches)
        self._batches |= found
        if found and dataset.delivery == "full":
            self._lists[dataset.name] = min(found | {self._lists.get(dataset.name, min(found))})

    # ------------------------------------------------------------ where it is

    def find_numbers(self, number: str) -> dict[str, set[str]]:
        """Return all employee and collar numbers of the officer with a number, keyed by kind.

        Raises:
            UsageError: Several officers have had the collar number.
        """
        found: dict[str, set[str]] = {"employee_no": {number}, "collar_no": {number}}
        for dataset in datasets().values():
            for table in dataset.tables:
                columns = {column.identifies: column.name for column in table.columns}
                if not {"employee_no", "collar_no"} <= set(columns):
                    continue
                session = self._reading(dataset, table)
                if session is None:
                    continue
                pairs = session.execute(
                    SQL(
                        "select distinct {e}, {c} from {raw} where force_code = %(force)s and {e} "
                        "in (select {e} from {raw} where force_code = %(force)s "
                        "and (%(number)s = {e} or %(number)s = {c}))"
                    ).format(
                        e=Identifier(columns["employee_no"]),
                        c=Identifier(columns["collar_no"]),
                        raw=raw_name(dataset, table),
                    ),
                    {"force": self._settings.force_code, "number": number},
                ).fetchall()
                people = {one for one, _ in pairs}
                if number in people:
                    pairs = [pair for pair in pairs if pair[0] == number]
                elif len(people) > 1:
                    raise UsageError(
                        f"{len(people)} officers have had this collar number: give the employee "
                        "number."
                    )
                if pairs:
                    found = {
                        "employee_no": {str(one) for one, _ in pairs if one},
                        "collar_no": {str(one) for _, one in pairs if one},
                    }
                    self._notes.append(
                        "A collar number can pass to another officer. Entries about records that "
                        "have only a collar number may concern that officer."
                    )
        return found

    def add_officer(self, numbers: set[str]) -> None:
        """Add the marks of an officer, including those from before the pseudonym changed.

        A look at the worklist is entered with the exceptions and not with their officers.
        """
        settings, session = self._settings, self._as_role(AUDITOR)
        rows = self._as_role(_PSEUDONYM_ROLE).execute(
            "select distinct officer_key from identity.pseudonym "
            "where force_code = %s and identifier = any(%s)",
            (settings.force_code, list(numbers)),
        )
        pseudonyms = [str(key) for (key,) in rows]
        marks = {officer_mark(settings, one) for one in pseudonyms}
        earlier = session.execute(_EARLIER_MARKS, {"marks": list(marks)})
        self.named |= marks | {str(mark) for (mark,) in earlier}
        exceptions = session.execute(
            "select distinct exception_key from audit.exception_event "
            "where force_code = %s and officer_key = any(%s)",
            (settings.force_code, pseudonyms),
        )
        self.named |= {exception_mark(key) for (key,) in exceptions}
        self.named |= {value_mark(settings, one) for one in (*pseudonyms, *numbers)}

    def log(self, about: str, because: str | None) -> None:
        """Before raw is searched for a person or a record, log that somebody does so."""
        enter(
            self._as_role(AUDITOR),
            "consultation",
            f"raw, quarantine and the log of processing, for a report about {about}",
            because=because or "a subject access request or an audit",
            record=sorted(self.named),
        )

    def find_person(self, dataset: Dataset, table: Table, numbers: dict[str, set[str]]) -> None:
        """Find the records of a table that name an officer with these numbers."""
        identifying = [column for column in table.columns if column.identifies]
        keys: set[str] = set()
        for column in identifying:
            values = numbers[str(column.identifies)]
            keys |= self.find_records(dataset, table, column.name, values)
            if table.key == (column.name,):
                # The officer's number is the whole key of this table. So the number also finds
                # records that were erased from raw.
                keys |= values
        if identifying:
            self.find_past(dataset, table, keys)

    def find_records(
        self, dataset: Dataset, table: Table, column: str, values: set[str]
    ) -> set[str]:
        """Find rows of raw with given values in a column, and return the keys of their records."""
        session = self._reading(dataset, table)
        if session is None:
            return set()
        rows = session.execute(
            SQL(
                "select distinct row_key, batch_id from {} where force_code = %s and {} = any(%s)"
            ).format(raw_name(dataset, table), Identifier(column)),
            (self._settings.force_code, sorted(values)),
        ).fetchall()
        self._add_batches(dataset, (int(batch_id) for _, batch_id in rows))
        return {str(key) for key, _ in rows}

    def find_past(self, dataset: Dataset, table: Table, keys: set[str]) -> None:
        """Find records with given keys in quarantine and in the log of erasures."""
        settings, session = self._settings, self._as_role(AUDITOR)
        self.named |= {record_mark(settings, dataset.name, key) for key in keys}
        hashes = hashes_of(settings, session, dataset, table, sorted(keys))
        rejected = session.execute(
            """
            select distinct r.batch_id
            from audit.rejected_row as r inner join audit.batch as b using (batch_id)
            where b.force_code = %s and r.dataset = %s and r.table_name = %s and r.row_key = any(%s)
            """,
            (settings.force_code, dataset.name, table.name, sorted(keys)),
        ).fetchall()
        erased = session.execute(
            """
            select k.erasure_id, b.batch_id
            from audit.erased_key as k left join audit.batch_erasure as b using (erasure_id)
            where k.key_mark = any(%s)
            """,
            (hashes,),
        ).fetchall()
        self._add_batches(dataset, (int(batch_id) for (batch_id,) in rejected))
        self._add_batches(dataset, (int(one) for _, one in erased if one is not None))
        self.named |= {erasure_mark(erasure_id) for erasure_id, _ in erased}

    # ------------------------------------------------------------ the entries

    def report(self, about: str, since: datetime | None, until: datetime | None) -> LogReport:
        """Return the entries that concern what was found."""
        session = self._as_role(AUDITOR)
        marks = self._related(session)
        rows = _rows(session, sorted(marks), since, until)
        first: datetime | None = one_value(
            session,
            "select min(landed_at) from audit.batch where batch_id = any(%s)",
            (sorted(self._batches),),
        )
        entries = []
        for row in rows:
            found = {marks[concern] for concern in row.concerns if concern in marks}
            row.relation = next(one for one in RELATIONS if one in found)
            # A query made before the first delivery of a record cannot have shown it.
            if row.relation != "mart" or (first and row.at >= first):
                entries.append(row)
        return LogReport(about, since, until, entries, self._notes)

    def _related(self, session: psycopg.Connection) -> dict[str, Relation]:
        """Return the marks of what concerns the person or record, and how it does."""
        values = {
            "batches": sorted(self._batches),
            "lists": list(self._lists),
            "first": list(self._lists.values()),
            "mart": _MART,
        }
        marks: dict[str, Relation] = {}
        for kind, mark in session.execute(_RELATED, values):
            if kind == "build":
                build_id = int(mark)
                marks[build_mark(build_id)] = marks[publication_mark(build_id)] = "publication"
            elif kind == "list":
                marks[batch_mark(int(mark))] = "list"
            elif mark.removeprefix(_MART).rpartition(".")[2] not in AGGREGATES | VIEWS:
                marks[mark] = "mart"
        marks |= {batch_mark(one): "batch" for one in self._batches}
        marks |= dict.fromkeys(self.named, "named")
        return marks

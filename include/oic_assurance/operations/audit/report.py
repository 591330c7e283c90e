"""Report from the log of processing what was done with a person's records or with one record.

The log holds no officers' numbers and no record keys, only marks. So the report first finds the
marks of the person or the record. For this it searches raw (under the role for each lawful
purpose), quarantine and the log of erasures. This search is itself a consultation, so it is logged.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Self

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
    officer_mark,
    publication_mark,
    record_mark,
    value_mark,
)
from oic_assurance.warehouse.roles import AUDITOR
from oic_assurance.warehouse.rows import all_records

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
    claimed_by, client_addr, origin, concerns
from audit.processing_log
where
    (%(marks)s::text[] is null or concerns && %(marks)s::text[])
    and (%(since)s::timestamptz is null or coalesce(happened_at, logged_at) >= %(since)s)
    and (%(until)s::timestamptz is null or coalesce(happened_at, logged_at) < %(until)s)
order by coalesce(happened_at, logged_at), log_id
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


@dataclass(frozen=True)
class LoggedEntry:
    """An entry of the log, with its marks, and how it concerns the subject of the report."""

    log_id: int
    at: datetime
    action: str
    who: str
    what: str
    to_whom: str | None
    because: str | None
    run_id: str | None
    claimed_by: str | None
    client_addr: str | None
    origin: str
    concerns: list[str]
    relation: Relation = "all"


@dataclass
class LogReport:
    """The entries that concern a person or a record, or all entries of a period."""

    about: str
    since: datetime | None
    until: datetime | None
    entries: list[LoggedEntry] = field(default_factory=list)
    #: What a reader of the report needs to know about the entries, one sentence each.
    notes: list[str] = field(default_factory=list)


@dataclass
class _Traces:
    """Where a person or record occurs in the warehouse, or occurred before an erasure."""

    named: set[str] = field(default_factory=set)
    batches: set[int] = field(default_factory=set)
    #: Datasets with full deliveries, each with the first batch that held the person or record. Raw
    #: has no row for a later delivery that repeats a record unchanged.
    lists: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add_batches(self, dataset: Dataset, batches: Iterable[int]) -> None:
        """Add batches of a dataset that hold the person or record."""
        found = set(batches)
        self.batches |= found
        if found and dataset.delivery == "full":
            self.lists[dataset.name] = min(found | {self.lists.get(dataset.name, min(found))})


class _Sessions:
    """The database sessions of a report, one for each role that it needs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[str, psycopg.Connection] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def as_role(self, role: str) -> psycopg.Connection:
        """Return the session of a role."""
        if role not in self._open:
            self._open[role] = self._stack.enter_context(
                connect(self._settings, role=role, autocommit=True)
            )
        return self._open[role]

    def reading(self, dataset: Dataset) -> psycopg.Connection:
        """Return the session whose role may read a dataset, according to its lawful purpose."""
        return self.as_role(f"{dataset.classification}_processing")


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
    traces = _Traces()
    with _Sessions(settings) as sessions:
        numbers = _numbers(settings, sessions, number, traces)
        keys = {key for values in numbers.values() for key in values}
        pseudonyms = _pseudonyms(settings, sessions, keys)
        traces.named |= _officer_marks(settings, sessions, pseudonyms)
        traces.named |= {value_mark(settings, one) for one in (*pseudonyms, *keys)}
        _log(sessions, "a person", because, traces)
        for dataset in datasets().values():
            for table in dataset.tables:
                _search_person(settings, sessions, dataset, table, numbers, traces)
        return _report(sessions, "the person", traces, since, until)


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
    traces = _Traces({record_mark(settings, dataset.name, row_key), value_mark(settings, row_key)})
    with _Sessions(settings) as sessions:
        _log(sessions, f"a record of {dataset.name}", because, traces)
        for table in dataset.tables:
            _search_records(settings, sessions, dataset, table, "row_key", {row_key}, traces)
            _search_past(settings, sessions, dataset, table, {row_key}, traces)
        return _report(sessions, f"the record of {dataset.name}", traces, since, until)


def report_on_time(settings: Settings, since: datetime | None, until: datetime | None) -> LogReport:
    """Return all entries of a period."""
    with connect(settings, role=AUDITOR) as connection:
        rows = _rows(connection, None, since, until)
    return LogReport("all records", since, until, rows)


# ---------------------------------------------------------------- where it is


def _numbers(
    settings: Settings, sessions: _Sessions, number: str, traces: _Traces
) -> dict[str, set[str]]:
    """Return all employee and collar numbers of the officer with a given number, keyed by kind.

    Raises:
        UsageError: Several officers have had the collar number.
    """
    found: dict[str, set[str]] = {"employee_no": {number}, "collar_no": {number}}
    for dataset in datasets().values():
        for table in dataset.tables:
            columns = {column.identifies: column.name for column in table.columns}
            if not {"employee_no", "collar_no"} <= set(columns):
                continue
            employee, collar = columns["employee_no"], columns["collar_no"]
            connection = sessions.reading(dataset)
            if not raw_table_exists(connection, dataset, table):
                continue
            pairs = connection.execute(
                SQL(
                    "select distinct {e}, {c} from {raw} where force_code = %(force)s and {e} "
                    "in (select {e} from {raw} where force_code = %(force)s "
                    "and (%(number)s = {e} or %(number)s = {c}))"
                ).format(
                    e=Identifier(employee), c=Identifier(collar), raw=raw_name(dataset, table)
                ),
                {"force": settings.force_code, "number": number},
            ).fetchall()
            people = {one for one, _ in pairs}
            if number in people:
                pairs = [pair for pair in pairs if pair[0] == number]
            elif len(people) > 1:
                raise UsageError(
                    f"{len(people)} officers have had this collar number: give the employee number."
                )
            if pairs:
                found = {
                    "employee_no": {str(one) for one, _ in pairs if one},
                    "collar_no": {str(one) for _, one in pairs if one},
                }
                traces.notes.append(
                    "A collar number can pass to another officer. Entries about records that have "
                    "only a collar number may concern that officer."
                )
    return found


def _officer_marks(settings: Settings, sessions: _Sessions, pseudonyms: Iterable[str]) -> set[str]:
    """Return the marks of officers, including those from before their pseudonyms changed."""
    marks = {officer_mark(settings, one) for one in pseudonyms}
    rows = sessions.as_role(AUDITOR).execute(_EARLIER_MARKS, {"marks": list(marks)})
    return marks | {str(mark) for (mark,) in rows.fetchall()}


def _pseudonyms(settings: Settings, sessions: _Sessions, numbers: Iterable[str]) -> list[str]:
    rows = (
        sessions.as_role(_PSEUDONYM_ROLE)
        .execute(
            "select distinct officer_key from identity.pseudonym "
            "where force_code = %s and identifier = any(%s)",
            (settings.force_code, list(numbers)),
        )
        .fetchall()
    )
    return [str(key) for (key,) in rows]


def _search_person(
    settings: Settings,
    sessions: _Sessions,
    dataset: Dataset,
    table: Table,
    numbers: dict[str, set[str]],
    traces: _Traces,
) -> None:
    identifying = [column for column in table.columns if column.identifies]
    keys: set[str] = set()
    for column in identifying:
        values = numbers[str(column.identifies)]
        keys |= _search_records(settings, sessions, dataset, table, column.name, values, traces)
        if table.key == (column.name,):
            # The officer's number is the whole key of this table. So the number also finds records
            # that were erased from raw.
            keys |= values
    if identifying:
        _search_past(settings, sessions, dataset, table, keys, traces)


def _search_records(
    settings: Settings,
    sessions: _Sessions,
    dataset: Dataset,
    table: Table,
    column: str,
    values: set[str],
    traces: _Traces,
) -> set[str]:
    """Find rows of raw with given values in a column, and return the keys of their records."""
    connection = sessions.reading(dataset)
    if not raw_table_exists(connection, dataset, table):
        return set()
    rows = connection.execute(
        SQL(
            "select distinct row_key, batch_id from {} where force_code = %s and {} = any(%s)"
        ).format(raw_name(dataset, table), Identifier(column)),
        (settings.force_code, sorted(values)),
    ).fetchall()
    keys = {str(key) for key, _ in rows}
    traces.add_batches(dataset, (int(batch_id) for _, batch_id in rows))
    traces.named |= {record_mark(settings, dataset.name, key) for key in keys}
    return keys


def _search_past(
    settings: Settings,
    sessions: _Sessions,
    dataset: Dataset,
    table: Table,
    keys: set[str],
    traces: _Traces,
) -> None:
    """Find records with given keys in quarantine and in the log of erasures."""
    traces.named |= {record_mark(settings, dataset.name, key) for key in keys}
    connection = sessions.as_role(AUDITOR)
    hashes = hashes_of(settings, connection, dataset, table, sorted(keys))
    rejected = connection.execute(
        """
        select distinct r.batch_id
        from audit.rejected_row as r inner join audit.batch as b using (batch_id)
        where b.force_code = %s and r.dataset = %s and r.table_name = %s and r.row_key = any(%s)
        """,
        (settings.force_code, dataset.name, table.name, sorted(keys)),
    ).fetchall()
    erased = connection.execute(
        """
        select k.erasure_id, b.batch_id
        from audit.erased_key as k left join audit.batch_erasure as b using (erasure_id)
        where k.key_mark = any(%s)
        """,
        (hashes,),
    ).fetchall()
    traces.add_batches(dataset, (int(batch_id) for (batch_id,) in rejected))
    traces.add_batches(dataset, (int(one) for _, one in erased if one is not None))
    traces.named |= {erasure_mark(erasure_id) for erasure_id, _ in erased}


def _log(sessions: _Sessions, about: str, because: str | None, traces: _Traces) -> None:
    """Before raw is read, log that somebody is searching for a person or a record."""
    enter(
        sessions.as_role(AUDITOR),
        "consultation",
        f"raw, quarantine and the log of processing, for a report about {about}",
        because=because or "a subject access request or an audit",
        record=sorted(traces.named),
    )


# ---------------------------------------------------------------- the entries


def _report(
    sessions: _Sessions,
    about: str,
    traces: _Traces,
    since: datetime | None,
    until: datetime | None,
) -> LogReport:
    connection = sessions.as_role(AUDITOR)
    marks: dict[str, Relation] = {}
    marks |= _marts_of_records(connection) if traces.batches else {}
    marks |= _builds_with(connection, traces.batches)
    marks |= _repeats(connection, traces.lists)
    marks |= {batch_mark(one): "batch" for one in traces.batches}
    marks |= dict.fromkeys(traces.named, "named")
    rows = _rows(connection, sorted(marks), since, until)
    first = _first_landed(connection, traces.batches)
    entries = [replace(row, relation=_closest(row, marks)) for row in rows]
    # A query made before the first delivery of a record cannot have shown it.
    entries = [one for one in entries if one.relation != "mart" or (first and one.at >= first)]
    return LogReport(about, since, until, entries, traces.notes)


def _repeats(connection: psycopg.Connection, lists: dict[str, int]) -> dict[str, Relation]:
    rows = connection.execute(
        """
        select b.batch_id
        from audit.batch as b
        inner join unnest(%s::text[], %s::bigint[]) as first (dataset, batch_id)
            on b.dataset = first.dataset and b.batch_id > first.batch_id
        """,
        (list(lists), list(lists.values())),
    ).fetchall()
    return {batch_mark(batch_id): "list" for (batch_id,) in rows}


def _builds_with(connection: psycopg.Connection, batches: set[int]) -> dict[str, Relation]:
    if not batches:
        return {}
    rows = connection.execute(
        "select build_id from audit.build where known_batch_id >= %s", (min(batches),)
    ).fetchall()
    marks: dict[str, Relation] = {}
    for (build_id,) in rows:
        marks[build_mark(build_id)] = marks[publication_mark(build_id)] = "publication"
    return marks


def _marts_of_records(connection: psycopg.Connection) -> dict[str, Relation]:
    rows = connection.execute(
        "select distinct concern from audit.processing_log, unnest(concerns) as concern "
        "where origin = 'server log' and starts_with(concern, %s)",
        (_MART,),
    ).fetchall()
    without_records = AGGREGATES | VIEWS
    return {
        mart: "mart"
        for (mart,) in rows
        if mart.removeprefix(_MART).rpartition(".")[2] not in without_records
    }


def _first_landed(connection: psycopg.Connection, batches: set[int]) -> datetime | None:
    row = connection.execute(
        "select min(landed_at) from audit.batch where batch_id = any(%s)", (sorted(batches),)
    ).fetchone()
    return row[0] if row else None


def _rows(
    connection: psycopg.Connection,
    marks: list[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> list[LoggedEntry]:
    values = {"marks": marks, "since": since, "until": until}
    return all_records(connection, LoggedEntry, _ENTRIES.encode(), values)


def _closest(row: LoggedEntry, marks: dict[str, Relation]) -> Relation:
    found = {marks[concern] for concern in row.concerns if concern in marks}
    return next(relation for relation in RELATIONS if relation in found)

"""The history of one record: what a publication's build computed for it, and its raw rows.

`kinds.yml` and the declared measures say for each kind of record which queries are its chapters,
and which raw tables are behind it. Each dataset has a lawful purpose, and each purpose has a role,
under which the dataset's raw rows are read. Each consultation is logged in the transaction that
reads (DPA 2018 section 62). The content of the rows is not returned, only the version, its batch,
and the names of the changed columns.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.builds.declared import read_declared
from oic_assurance.clock import london_day
from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.formats import long_day
from oic_assurance.landing.erased_keys import hashes_of, name_in_log
from oic_assurance.operations.explain.publication_records import Records
from oic_assurance.settings import PROJECT_ROOT, Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import PROVENANCE
from oic_assurance.sources.declarations.yaml_lines import load_yaml
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import (
    enter,
    officer_mark,
    officer_name,
    publication_mark,
    record_mark,
)
from oic_assurance.warehouse.rows import find_row

_RECORD = """
select * from {{intermediate}}.{relation}
where force_code = %(force)s and ({key})::text = %(key)s
"""
_EVIDENCE = """
select distinct source_key as key from {{intermediate}}.evidence
where
    force_code = %(force)s and record_kind = '{kind}' and record_ref = %(key)s
    and reading = '{reading}'
"""
# Evidence names an officer by the pseudonym of the event. The personnel file of that day counts.
_OFFICER = """
select distinct
    person.identifier as key, record.counts_from::timestamp at time zone 'Europe/London' as at
from {{intermediate}}.contribution as record
inner join {{staging_general}}.stg_identity__pseudonym as person using (force_code, officer_key)
where
    record.force_code = %(force)s and record.record_kind = '{kind}' and record.record_ref = %(key)s
    and person.is_person
"""
_NUMBER = """
select identifier as key from {staging_general}.stg_identity__pseudonym
where force_code = %(force)s and is_person and officer_key = %(key)s
"""


@dataclass(frozen=True)
class Behind:
    """A raw table whose rows belong to a history, and a query for the keys of those rows.

    `keys` is the query. Its column `key` holds the values to look for in `column` of the raw table.
    Its optional column `at` holds a moment: the version that was valid then is marked in the
    history. The default is the publication's as-at moment.
    """

    dataset: str
    table: str
    column: str
    keys: str


@dataclass(frozen=True)
class Kind:
    """One kind of record: the queries for the chapters of its history, and its raw tables.

    `chapters` maps each title to a query. The first chapter is the record itself.
    """

    chapters: dict[str, str]
    behind: tuple[Behind, ...]


def find_kind(name: str) -> Kind:
    """Return a kind of record.

    Raises:
        UnknownNameError: There is no such kind.
    """
    if name not in kinds():
        raise UnknownNameError("kind of record", name, kinds())
    return kinds()[name]


@functools.cache
def kinds() -> dict[str, Kind]:
    """Return every kind of record, keyed by name."""
    file = resources.files("oic_assurance.operations.explain").joinpath("kinds.yml")
    described = load_yaml(file.read_text("utf-8"))
    shared = described.pop("shared")
    declared = read_declared(PROJECT_ROOT)
    found = {
        name: Kind(parts["chapters"], tuple(Behind(**one) for one in parts.get("behind", ())))
        for name, parts in described.items()
    }
    for name, record in declared.records.items():
        chapters = (
            found[name].chapters
            if name in found
            else {
                "The record": _RECORD.format(**record),
                "Figures that count it": shared["figures"],
            }
        )
        found[name] = Kind(chapters, tuple(_behind(name, record, declared.readings)))
    return found


def _behind(
    kind: str, record: Mapping[str, Any], readings: Mapping[str, Mapping[str, Any]]
) -> Iterator[Behind]:
    """Yield the raw tables that the rules read for a kind of record, as its evidence names them."""
    for one in record["evidence"]:
        name = one["reading"]
        reading = readings[name]
        query = _EVIDENCE.format(kind=kind, reading=name)
        if "officer_of" in reading:
            reading, query = readings["personnel"], _OFFICER.format(kind=kind)
        elif "through" in reading:
            # The rows through which they are named are behind the record already.
            continue
        elif reading.get("is_officer"):
            query = _NUMBER
        yield Behind(reading["dataset"], reading["table"], reading["named_by"], query)


#: This column changes with every version, so it is not listed among the changed columns.
_CURSOR = "updated_at"

_VERSIONS = """
with record as (
    select distinct row_key from {raw}
    where force_code = %(force)s and ({condition}) and row_key <> all(%(without)s)
),
version as (
    select
        raw.batch_id, raw.row_number, raw.row_key, raw.version_at, raw.landed_at, raw.is_tombstone,
        to_jsonb(raw) - %(provenance)s::text[] as content,
        raw.batch_id <= %(known)s as is_known,
        raw.batch_id <= %(known)s and raw.version_at <= %(at)s as is_candidate
    from {raw} as raw inner join record using (row_key)
    where raw.force_code = %(force)s
),
judged as (
    select
        *, lag(content) over (partition by row_key order by version_at, batch_id) as before,
        row_number() over (
            partition by row_key order by is_candidate desc, version_at desc, batch_id desc
        ) as recency
    from version
)
select
    dense_rank() over (order by row_key) as record_number, row_key, batch_id, row_number,
    version_at, landed_at, is_tombstone, is_known, is_candidate and recency = 1 as stood,
    case when not is_tombstone then array(
        select item.key
        from jsonb_each(content) as item
        where before is not null and before -> item.key is distinct from item.value
        order by item.key
    ) end as changed
from judged
order by row_key, version_at, batch_id
"""

#: A row of a query, keyed by column.
Row = dict[str, Any]


@dataclass(frozen=True)
class Sought:
    """The records to look for in raw: those that have one of the keys in the column of the keys.

    `keys` holds the keys by column, and `without` the records that must not be shown. The version
    that was valid at the moment `at` is marked in the result.
    """

    dataset: str
    table: str
    keys: Mapping[str, Sequence[str]]
    at: datetime
    without: Sequence[str] = ()


def trace(
    records: Records, sought: Iterable[Sought], what: str, officers: Iterable[str] = ()
) -> list[Row]:
    """Return every version of the records in `sought`.

    Each is a row of `_VERSIONS` with its `dataset`, `table`, `sheet` and the moment `at`. `row_key`
    is None if the key holds an officer's number: `record` then has a number instead. `row_number`
    is None if the row only restores a version that a late-arriving delivery had overridden and a
    later delivery confirms. `is_known` is true if the publication knew the version's batch. `stood`
    is true if, among the versions known to the publication, this one was valid at the moment `at`.
    `changed` names the columns that differ from the previous version; it is None for a tombstone.

    Each dataset is read under the role of its purpose. `what` names the records in the log, with
    the names that the marts use, for example "referral NR26000699". `officers` are the pseudonyms
    of the officers whom the records are about.

    Raises:
        AssuranceError: The login may not read raw for the purpose of a dataset.
    """
    settings, number = records.settings, records.publication.publication_id
    by_purpose: dict[str, list[Sought]] = {}
    for item in sought:
        by_purpose.setdefault(declared(item.dataset).classification, []).append(item)
    found: list[Row] = []
    for purpose, items in sorted(by_purpose.items(), reverse=True):
        with connect(settings, role=f"{purpose}_processing") as connection:
            marks = [officer_mark(settings, one) for one in sorted(officers)]
            for item in items:
                rows = _rows(connection, records, item)
                keys = dict.fromkeys(str(row["row_key"]) for row in rows)
                marks += [record_mark(settings, item.dataset, key) for key in keys]
                table = next(one for one in declared(item.dataset).tables if one.name == item.table)
                place = {"dataset": item.dataset, "table": table.name, "sheet": table.sheet}
                hides = any(table.column(name).identifies for name in table.key)
                for row in rows:
                    row |= {**place, "at": item.at, **({"row_key": None} if hides else {})}
                    row["record"] = row["row_key"] or f"#{row['record_number']}"
                found += rows
            datasets = ", ".join(dict.fromkeys(item.dataset for item in items))
            enter(
                connection,
                "consultation",
                f"{what} in publication {number}: raw rows of {datasets}",
                because="to explain a record",
                run_id=records.build.run_id,
                record=marks,
                concerns=[publication_mark(number)],
            )
    return found


def _rows(connection: psycopg.Connection, records: Records, item: Sought) -> list[Row]:
    dataset = declared(item.dataset)
    conditions = [
        sql.SQL("{}::text = any({})").format(sql.Identifier(column), list(keys))
        for column, keys in item.keys.items()
    ]
    statement = sql.SQL(_VERSIONS).format(
        raw=sql.Identifier(dataset.raw_schema, item.table),
        condition=sql.SQL(" or ").join(conditions),
    )
    values = {
        "force": records.force_code,
        "provenance": [*PROVENANCE, *([_CURSOR] if dataset.kind == "database" else [])],
        "known": records.build.known_batch_id,
        "at": item.at,
        "without": list(item.without),
    }
    return connection.cursor(row_factory=dict_row).execute(statement, values).fetchall()


_BATCHES = """
select
    batch_id, dataset, kind, delivered_for, landed_at, source_place, landed_by as who, run_id,
    sha256, kept_as,
    exists (
        select from audit.batch_erasure as erasure
        where erasure.batch_id = batch.batch_id and erasure.in_normal_form
    ) as is_replaced
from audit.batch as batch
where batch_id = any(%(batches)s)
order by batch_id
"""
_ERASURES = """
select erasure.erased_at, erasure.reason
from audit.erased_key as erased
inner join audit.erasure as erasure using (erasure_id)
where erased.key_mark = any(%(hashes)s) and erasure.kind <> 'marking'
order by erasure.erasure_id desc
limit 1
"""
# Records whose marking has risen. Until they are erased, nobody may see that they exist.
_RECALLED = "select table_name, row_key from audit.recalled_record where force_code = %(force)s"


@dataclass(frozen=True)
class RecordHistory:
    """The history of a record: results of the rules, versions in raw, and their batches.

    `chapters` has rows of dbt models by title.
    """

    publication_id: int
    as_at: datetime
    kind: str
    key: str
    chapters: dict[str, list[Row]]
    versions: list[Row]
    sources: list[Row]
    #: When and why the source record was erased, which raw then has no row of.
    erased: str | None = None


def get_history(records: Records, kind: str, key: str) -> RecordHistory:
    """Return the history of a record. Reading raw is logged as a consultation.

    `records` must be opened under `HISTORY_ROLE`, which can look up an officer's number from a
    pseudonym.

    Raises:
        UsageError: There is no such kind of record, or the build did not know the record.
        AssuranceError: The login may not read raw for the purpose of a dataset.
    """
    described, publication = find_kind(kind), records.publication
    asked: dict[str, object] = {"key": key, "kind": kind}
    chapters = {title: records.ask(query, asked) for title, query in described.chapters.items()}
    found = next(iter(chapters.values()))
    erased = erasure_of(records.settings, records.connection, described, key)
    if not found:
        none = f"Publication {publication.publication_id} has no {kind} '{key}'"
        raise UsageError(f"{none}: it {erased}." if erased else f"{none}.")
    officers = {str(row["officer_key"]) for row in found if row.get("officer_key")}
    # Log entries are never changed, but pseudonyms can be replaced. So the log names an officer by
    # a keyed hash of the pseudonym.
    name = officer_name(records.settings, key) if kind == "officer" else key
    versions = trace(records, _sought(records, described, asked), f"{kind} {name}", officers)
    return RecordHistory(
        publication_id=publication.publication_id,
        as_at=publication.as_at,
        kind=kind,
        key=key,
        chapters={title: rows for title, rows in chapters.items() if rows},
        versions=versions,
        sources=records.ask(_BATCHES, {"batches": [one["batch_id"] for one in versions]}),
        erased=erased,
    )


def erasure_of(
    settings: Settings, connection: psycopg.Connection, kind: Kind, key: str
) -> str | None:
    """Return when and why the record was erased, as the end of a sentence. None if it was not.

    A record that was erased because its marking rose is not told: nobody may see that it existed.
    """
    declarations, hashes = read_declared(PROJECT_ROOT), []
    for behind in kind.behind:
        dataset = declared(behind.dataset)
        table = next(one for one in dataset.tables if one.name == behind.table)
        if list(table.key) == [behind.column]:
            name = key
        elif declarations.name_of(dataset.name, table.name) == behind.column:
            name = name_in_log(behind.column, key)
        else:
            continue
        hashes += hashes_of(settings, connection, dataset, table, [name])
    row = find_row(connection, _ERASURES, {"hashes": hashes})
    if row is None:
        return None
    erased_at, reason = row
    return f"was erased on {long_day(london_day(erased_at))}, because: {reason.rstrip('.')}"


def _sought(records: Records, kind: Kind, asked: dict[str, object]) -> list[Sought]:
    """Return which records to look for in raw: one entry for each raw table.

    Each raw table behind a kind of record has queries that find, in the build's tables, the keys of
    the records or the numbers of their officers.
    """
    keys: dict[tuple[str, str], dict[str, set[str]]] = {}
    moments: dict[tuple[str, str], datetime] = {}
    for behind in kind.behind:
        place = (behind.dataset, behind.table)
        for row in records.ask(behind.keys, asked):
            if row["key"] is not None:
                of_table = keys.setdefault(place, {})
                of_table.setdefault(behind.column, set()).add(str(row["key"]))
                if isinstance(at := row.get("at"), datetime):
                    moments.setdefault(place, at)
    recalled: dict[str, list[str]] = {}
    for row in records.ask(_RECALLED, {}):
        recalled.setdefault(str(row["table_name"]), []).append(str(row["row_key"]))
    return [
        Sought(
            *place,
            {column: sorted(values) for column, values in of_table.items()},
            moments.get(place, records.build.as_at),
            recalled.get(place[1], ()),
        )
        for place, of_table in keys.items()
    ]

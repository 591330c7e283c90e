"""Find the raw rows of a record, and the batches with which they were landed.

Each dataset has a lawful purpose, and each purpose has a role, under which the dataset's raw rows
are read. Each consultation is logged in the transaction that reads (DPA 2018 section 62). The
content of the rows is not returned, only the version, its batch, and the names of the changed
columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.operations.explain.publication_records import Records
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import PROVENANCE
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import (
    enter,
    officer_mark,
    publication_mark,
    record_mark,
)

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
                found += _versions(item, rows)
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


def _versions(item: Sought, rows: Iterable[Row]) -> list[Row]:
    table = next(one for one in declared(item.dataset).tables if one.name == item.table)
    place = {"dataset": item.dataset, "table": table.name, "sheet": table.sheet, "at": item.at}
    if any(table.column(name).identifies for name in table.key):
        rows = [{**row, "row_key": None} for row in rows]
    return [
        {**place, **row, "record": row["row_key"] or f"#{row['record_number']}"} for row in rows
    ]

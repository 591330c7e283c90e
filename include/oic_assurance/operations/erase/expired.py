"""Find the records in raw and quarantine that are past the retention that their declaration sets.

A record's retention period starts:

- If the declaration names a column: at the date in that column of the latest version. While the
  column is blank, the period does not start.
- If the declaration names no column: at the latest version time.
- If the record was deleted: at the deletion, if the period has not started before.
- If the record is only in quarantine: at the moment for which it was last delivered.

If a dataset has full deliveries, a record that the latest delivery still lists has not expired,
because the source still needs it. Expired records are not erased automatically; people decide when
to erase them.
"""

from datetime import datetime

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from oic_assurance import clock
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.operations.erase.erase import ROLE
from oic_assurance.operations.erase.search import Request
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import one_value


def expired_records(
    settings: Settings, dataset: Dataset, now: datetime | None = None
) -> list[Request]:
    """Return, for each table with expired records, one request to erase them.

    `now` must have a time zone; the default is the present moment. The years of retention are
    counted back from `now` in UTC.
    """
    moment = now or clock.utc_now()
    retention = dataset.retention
    found = []
    with connect(settings, role=ROLE) as connection:
        before = _years_before(connection, moment, retention.years)
        for table in dataset.tables:
            if not raw_table_exists(connection, dataset, table):
                continue
            keys = {
                *_keys_in_raw(connection, settings.force_code, dataset, table, before),
                *_keys_in_quarantine(connection, settings.force_code, dataset, table, before),
            }
            request = Request(
                dataset,
                table,
                tuple(sorted(keys)),
                f"retention: {retention.years} years, {retention.basis}",
                "retention",
                unkeyed_before=before,
            )
            if keys or _has_unkeyed(connection, settings.force_code, dataset, table, before):
                found.append(request)
    return found


def _years_before(connection: psycopg.Connection, moment: datetime, years: int) -> datetime:
    before: datetime = one_value(
        connection, "select %s::timestamptz - make_interval(years => %s)", (moment, years)
    )
    return before


def _keys_in_raw(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table, before: datetime
) -> list[str]:
    name = dataset.retention.counts_from
    # If the declaration names no column, the period starts at the latest version, even if that
    # version is a tombstone.
    starts: Composable = SQL("e.version_at")
    if name in table.names:
        # If the column is a date, the period starts at the end of that day.
        starts = SQL("(s.{} + interval '1 day') at time zone 'Europe/London'").format(
            Identifier(str(name))
        )
        if table.column(str(name)).type == "timestamptz":
            starts = SQL("s.{}").format(Identifier(str(name)))
    still_listed = SQL("false") if dataset.delivery == "changes" else SQL("not e.is_tombstone")
    rows = connection.execute(
        SQL(
            """
            select e.row_key
            from (
                select distinct on (k.row_key) k.row_key, k.version_at, k.is_tombstone
                from {raw} as k
                where k.force_code = %(force)s
                order by k.row_key, k.version_at desc, k.batch_id desc
            ) as e
            left join lateral (
                select k.*
                from {raw} as k
                where k.force_code = %(force)s and k.row_key = e.row_key and not k.is_tombstone
                order by k.version_at desc, k.batch_id desc
                limit 1
            ) as s on true
            where
                not {still_listed}
                and case
                    when e.is_tombstone then least({starts}, e.version_at) else {starts}
                end < %(before)s
            """
        ).format(raw=raw_name(dataset, table), starts=starts, still_listed=still_listed),
        {"force": force, "before": before},
    ).fetchall()
    return [key for (key,) in rows]


def _keys_in_quarantine(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table, before: datetime
) -> list[str]:
    """Return the expired keys that are only in quarantine."""
    rows = connection.execute(
        SQL(
            """
            select r.row_key
            from audit.rejected_row as r inner join audit.batch as b using (batch_id)
            where
                b.force_code = %(force)s and r.dataset = %(dataset)s and r.table_name = %(table)s
                and r.row_key is not null
                and not exists (
                    select from {raw} as k
                    where k.force_code = %(force)s and k.row_key = r.row_key
                )
            group by r.row_key
            having max(b.delivered_for) < %(before)s
            """
        ).format(raw=raw_name(dataset, table)),
        {"force": force, "dataset": dataset.name, "table": table.name, "before": before},
    ).fetchall()
    return [key for (key,) in rows]


def _has_unkeyed(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table, before: datetime
) -> bool:
    has_any = one_value(
        connection,
        """
        select exists (
            select from audit.rejected_row as r inner join audit.batch as b using (batch_id)
            where
                b.force_code = %s and r.dataset = %s and r.table_name = %s
                and r.row_key is null and b.delivered_for < %s
        )
        """,
        (force, dataset.name, table.name, before),
    )
    return bool(has_any)

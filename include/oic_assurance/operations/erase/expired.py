"""Find the records in raw and quarantine that are past the retention that their declaration sets.

A record's retention period starts:

- If the declaration names a column: at the date in that column of the latest version. While the
  column is blank, the period does not start.
- If the declaration names no column: at the latest version time.
- If the record was deleted: at the deletion, if the period has not started before.
- If the record is only in quarantine: at the moment for which it was last delivered.

If a dataset has full deliveries, a record that the latest delivery still lists has not expired,
because the source still needs it. Expired records are never erased by themselves: people decide
(`operations/review`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from oic_assurance import clock
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.operations.erase.erase import ROLE
from oic_assurance.operations.erase.periods import ends_at, latest_start
from oic_assurance.operations.erase.search import Request
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value

#: How much earlier than `latest_start` says a period can start that has ended, because of leap
#: years.
_LEAP_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Expired:
    """The records of one table that are past their retention, each with the end of its period."""

    dataset: Dataset
    table: Table
    #: The end of the period, by the key of the record.
    ends: dict[str, datetime]
    #: The first end of a period of rows in quarantine without a readable key. None if no such row
    #: is past its retention.
    unkeyed_end: datetime | None

    def request(
        self, keys: Iterable[str], *, unkeyed_at: datetime | None, because: str = ""
    ) -> Request:
        """Return a request to erase some of the records.

        With `unkeyed_at`, the rows without a readable key whose period had ended at that moment are
        erased too. `because` is added to the reason that the log of erasures gets.
        """
        retention = self.dataset.retention
        reason = f"retention: {retention.years} years, {retention.basis}"
        return Request(
            self.dataset,
            self.table,
            tuple(sorted(keys)),
            f"{reason}; {because}" if because else reason,
            "retention",
            unkeyed_before=latest_start(unkeyed_at, retention.years) if unkeyed_at else None,
        )


def expired_tables(
    settings: Settings, dataset: Dataset, now: datetime | None = None
) -> list[Expired]:
    """Return the tables of a dataset that have records past their retention at `now`.

    `now` must have a time zone; the default is the present moment.
    """
    moment = now or clock.utc_now()
    with connect(settings, role=ROLE) as connection:
        return [
            found
            for table in dataset.tables
            if raw_table_exists(connection, dataset, table)
            for found in _expired(connection, settings.force_code, dataset, table, moment)
        ]


def expired_records(
    settings: Settings, dataset: Dataset, now: datetime | None = None
) -> list[Request]:
    """Return, for each table with expired records, one request to erase them.

    Records that somebody decided to keep until a later day are left out. `now` must have a time
    zone; the default is the present moment.
    """
    moment = now or clock.utc_now()
    requests = []
    for found in expired_tables(settings, dataset, moment):
        kept = _kept(settings, found)
        keys = [key for key, end in found.ends.items() if (key, end) not in kept]
        unkeyed_at = moment if found.unkeyed_end and (None, None) not in kept else None
        if keys or unkeyed_at:
            requests.append(found.request(keys, unkeyed_at=unkeyed_at))
    return requests


def _kept(settings: Settings, found: Expired) -> set[tuple[str | None, datetime | None]]:
    """Return the records of a table that somebody decided to keep, each with the end of its period.

    The rows in quarantine without a readable key have neither. If a record changes, the end of its
    period does too, and then the decision does not count any more.
    """
    with connect(settings, role=ROLE) as connection:
        rows = connection.execute(
            """
            select row_key, case when row_key is not null then due_at end
            from audit.retention_state
            where force_code = %s and dataset = %s and table_name = %s and state = 'kept'
            """,
            (settings.force_code, found.dataset.name, found.table.name),
        ).fetchall()
    return set(rows)


def _expired(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table, now: datetime
) -> Iterator[Expired]:
    """Yield what is expired in a table, or nothing."""
    years = dataset.retention.years
    before = latest_start(now, years) + _LEAP_DAY
    starts = {
        **_starts_in_quarantine(connection, force, dataset, table, before),
        **_starts_in_raw(connection, force, dataset, table, before),
    }
    ends = {key: ends_at(start, years) for key, start in starts.items()}
    unkeyed = _first_unkeyed(connection, force, dataset, table, latest_start(now, years))
    found = Expired(
        dataset,
        table,
        {key: end for key, end in ends.items() if end < now},
        ends_at(unkeyed, years) if unkeyed else None,
    )
    if found.ends or found.unkeyed_end:
        yield found


def _starts_in_raw(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table, before: datetime
) -> dict[str, datetime]:
    """Return the start of the period of each record in raw whose period starts before a moment."""
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
            select e.row_key, period.start_at
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
            cross join lateral (
                select
                    case
                        when e.is_tombstone then least({starts}, e.version_at) else {starts}
                    end as start_at
            ) as period
            where not {still_listed} and period.start_at < %(before)s
            """
        ).format(raw=raw_name(dataset, table), starts=starts, still_listed=still_listed),
        {"force": force, "before": before},
    ).fetchall()
    return dict(rows)


def _starts_in_quarantine(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table, before: datetime
) -> dict[str, datetime]:
    """Return the same for the records that are only in quarantine."""
    rows = connection.execute(
        SQL(
            """
            select r.row_key, max(b.delivered_for)
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
    return dict(rows)


def _first_unkeyed(
    connection: psycopg.Connection, force: str, dataset: Dataset, table: Table, before: datetime
) -> datetime | None:
    """Return the earliest start of a period of rows in quarantine without a readable key.

    Returns None if no such row was delivered for a moment before `before`.
    """
    found: datetime | None = find_value(
        connection,
        """
        select min(b.delivered_for)
        from audit.rejected_row as r inner join audit.batch as b using (batch_id)
        where
            b.force_code = %s and r.dataset = %s and r.table_name = %s
            and r.row_key is null and b.delivered_for < %s
        """,
        (force, dataset.name, table.name, before),
    )
    return found

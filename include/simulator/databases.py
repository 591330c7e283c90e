"""Write simulated records into the source databases."""

from collections import defaultdict
from collections.abc import Iterable

import psycopg
from psycopg import sql

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import reason
from simulator.period import Period
from simulator.records import Record, Store, Values
from simulator.source_systems import connect_owner
from simulator.tables import TABLES, Table


def visible(records: Iterable[Record], period: Period) -> list[Record]:
    """Return the records that were committed on or after the first day that the sources show."""
    return [record for record in records if record.committed_at >= period.first_moment]


def write(settings: Settings, store: Store, period: Period) -> dict[str, int]:
    """Bring the source databases to their state at the end of a period.

    Returns the number of rows written or deleted in each table.

    Raises:
        AssuranceError: a database refuses the rows.
        ServerError: a database cannot be reached.
    """
    changed: dict[str, int] = {}
    systems: dict[str, list[Table]] = defaultdict(list)
    for table in TABLES.values():
        systems[table.system].append(table)
    for system, tables in systems.items():
        with connect_owner(settings, system) as connection:
            try:
                for table in tables:
                    changed[table.full_name] = _write_table(connection, store, table, period)
            except psycopg.Error as error:
                # A row may contain a narrative, so the message must not quote the row. `reason`
                # leaves the row out.
                raise AssuranceError(
                    f"The {system} database refused the simulated rows: {reason(error)}."
                ) from error
    return changed


def _write_table(connection: psycopg.Connection, store: Store, table: Table, period: Period) -> int:
    changed = [
        record
        for record in visible(store.records_of(table.name), period)
        if record.is_changed(period.starts_at, period.ends_at)
    ]
    rows, deleted = [], []
    for record in changed:
        state = record.state_at(period.ends_at)
        if state is None:
            deleted.append(record.key)
        else:
            rows.append(state)
    _upsert(connection, table, rows)
    name, key = sql.Identifier(table.schema, table.name), sql.Identifier(table.key)
    connection.execute(sql.SQL("delete from {} where {} = any(%s)").format(name, key), [deleted])
    return len(changed)


def _upsert(connection: psycopg.Connection, table: Table, rows: list[Values]) -> None:
    name = sql.Identifier(table.schema, table.name)
    connection.execute(
        sql.SQL("create temporary table new_row (like {}) on commit drop").format(name)
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    copy = sql.SQL("copy new_row ({}) from stdin").format(columns)
    with connection.cursor() as cursor, cursor.copy(copy) as stream:
        for row in rows:
            stream.write_row([row[column] for column in table.columns])
    assignments = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in table.columns[1:]
    )
    connection.execute(
        sql.SQL(
            "insert into {} ({columns}) select {columns} from new_row"
            " on conflict ({}) do update set {}"
        ).format(name, sql.Identifier(table.key), assignments, columns=columns)
    )
    connection.execute("drop table new_row")

"""The operational databases: bring them to what they hold at the end of a period."""

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


def shown(records: Iterable[Record], period: Period) -> list[Record]:
    """Return the records that belong to the force as it is shown: entered since its first day."""
    return [record for record in records if record.seen_at >= period.first_moment]


def write(settings: Settings, store: Store, period: Period) -> dict[str, int]:
    """Write what changed in a period; return how many rows each table got or lost."""
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
                # Without the row: the message itself may quote what must not be repeated.
                raise AssuranceError(
                    f"The {system} database did not take the simulated rows: {reason(error)}."
                ) from error
    return changed


def _write_table(connection: psycopg.Connection, store: Store, table: Table, period: Period) -> int:
    touched = [
        record
        for record in shown(store.of(table.name), period)
        if record.is_touched(period.starts_at, period.ends_at)
    ]
    rows, gone = [], []
    for record in touched:
        state = record.state_at(period.ends_at)
        if state is None:
            gone.append(record.key)
        else:
            rows.append(state)
    _upsert(connection, table, rows)
    name, key = sql.Identifier(table.schema, table.name), sql.Identifier(table.key)
    connection.execute(sql.SQL("delete from {} where {} = any(%s)").format(name, key), [gone])
    return len(touched)


def _upsert(connection: psycopg.Connection, table: Table, rows: list[Values]) -> None:
    name = sql.Identifier(table.schema, table.name)
    connection.execute(
        sql.SQL("create temporary table arriving (like {}) on commit drop").format(name)
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    copy = sql.SQL("copy arriving ({}) from stdin").format(columns)
    with connection.cursor() as cursor, cursor.copy(copy) as stream:
        for row in rows:
            stream.write_row([row[column] for column in table.columns])
    assignments = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in table.columns[1:]
    )
    connection.execute(
        sql.SQL(
            "insert into {} ({columns}) select {columns} from arriving"
            " on conflict ({}) do update set {}"
        ).format(name, sql.Identifier(table.key), assignments, columns=columns)
    )
    connection.execute("drop table arriving")

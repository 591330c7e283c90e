"""Opens a dataset's table in its source database, whatever kind of database it is."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.sources.databases.counted import counted_changes
from oic_assurance.sources.databases.errors import source_error
from oic_assurance.sources.databases.postgres import PostgresTable
from oic_assurance.sources.databases.source import Source
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset
from oic_assurance.warehouse.airflow_uri import connection_type
from oic_assurance.warehouse.connections import connect_source


@contextmanager
def snapshot(settings: Settings, dataset: Dataset) -> Iterator[Source]:
    """Give a dataset's table as it is at one moment, whatever is committed there meanwhile."""
    assert isinstance(dataset.place, DatabasePlace)  # noqa: S101 - for the type checker
    kind = connection_type(dataset.place.system)
    if kind is not None and kind != "postgres":
        from oic_assurance.sources.databases.airflow_hook import hook_snapshot

        with hook_snapshot(settings, dataset, kind) as table:
            yield table
        return
    connection = connect_source(settings, dataset.place.system)
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            counted = counted_changes(connection, dataset.place)
        except psycopg.Error as error:
            raise source_error(error, dataset) from None
        yield PostgresTable(connection, dataset, counted)
    finally:
        connection.close()

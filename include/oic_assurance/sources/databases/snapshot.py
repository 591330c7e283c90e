"""Open the table of a dataset in its source database."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.sources.databases.change_counts import read_change_counts
from oic_assurance.sources.databases.errors import source_error
from oic_assurance.sources.databases.postgres import PostgresTable
from oic_assurance.sources.databases.source import Source
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.airflow_uri import connection_type
from oic_assurance.warehouse.connections import connect_source


@contextmanager
def snapshot(settings: Settings, dataset: Dataset) -> Iterator[Source]:
    """Yield the table of a dataset in one snapshot. Later commits do not change the snapshot.

    Raises:
        SourceUnavailable: The source cannot be reached.
        ContractBroken: The source does not allow the snapshot.
        UsageError: The connection is missing or is of an unknown type.
    """
    place = dataset.database
    kind = connection_type(place.system)
    if kind is not None and kind != "postgres":
        from oic_assurance.sources.databases.airflow_hook import hook_snapshot

        with hook_snapshot(settings, dataset, kind) as table:
            yield table
        return
    connection = connect_source(settings, place.system)
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            change_counts = read_change_counts(connection, place)
        except psycopg.Error as error:
            raise source_error(error, dataset) from None
        yield PostgresTable(connection, dataset, change_counts)
    finally:
        connection.close()

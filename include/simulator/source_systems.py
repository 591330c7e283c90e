"""Create the source systems: the tables of the databases and the folders of the dropzone."""

from collections.abc import Collection
from importlib.resources import files

import psycopg
from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.storage.urls import open_url
from oic_assurance.warehouse import connections
from oic_assurance.warehouse.cluster import SOURCES
from simulator.tables import TABLES, Table


def create_sources(settings: Settings, systems: Collection[str] = tuple(SOURCES)) -> list[str]:
    """Create the missing tables of source databases, and the missing folders of the dropzone.

    `systems` are the databases. Returns a message for each table and folder.

    Raises:
        ServerError: a source database cannot be reached.
    """
    made = []
    for system in systems:
        made += _create_tables(settings, system)
    return made + _create_folders(settings)


def connect_owner(settings: Settings, system: str) -> psycopg.Connection:
    """Connect to a source database as the login that owns it.

    Raises:
        ServerError: the database cannot be reached.
    """
    uri = connections.url(settings, system)
    try:
        return psycopg.connect(uri)
    except psycopg.Error as error:
        raise ServerError(
            f"The {system} database cannot be reached ({connections.describe(uri)}): "
            f"{connections.reason(error)}."
        ) from error


def _create_tables(settings: Settings, system: str) -> list[str]:
    tables = [table for table in TABLES.values() if table.system == system]
    with connect_owner(settings, system) as connection:
        missing = [table for table in tables if not _exists(connection, table)]
        ddl = files("simulator").joinpath("schema", f"{system}.sql").read_text(encoding="utf-8")
        # This hides PostgreSQL's notices about tables that already exist.
        connection.execute("set local client_min_messages = warning")
        connection.execute(ddl.encode())
        _grant_extraction(connection, system, tables)
    return [f"{system}: table {table.full_name}" for table in missing]


def _exists(connection: psycopg.Connection, table: Table) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [table.full_name]).fetchone()
    return bool(row and row[0])


def _grant_extraction(connection: psycopg.Connection, system: str, tables: list[Table]) -> None:
    """Grant the extraction login the right to read only the columns that may be extracted.

    Does nothing if there is no such login.
    """
    schema, login = SOURCES[system]
    if not connection.execute("select 1 from pg_roles where rolname = %s", [login]).fetchone():
        return
    reader = sql.Identifier(login)
    connection.execute(
        sql.SQL("grant usage on schema {} to {}").format(sql.Identifier(schema), reader)
    )
    for table in tables:
        name = sql.Identifier(table.schema, table.name)
        if not table.never_extracted:
            connection.execute(sql.SQL("grant select on {} to {}").format(name, reader))
            continue
        allowed = [column for column in table.columns if column not in table.never_extracted]
        columns = sql.SQL(", ").join(map(sql.Identifier, allowed))
        # First revoke everything. Default privileges may have granted the whole table, including
        # columns that must not be extracted.
        connection.execute(sql.SQL("revoke all on {} from {}").format(name, reader))
        connection.execute(sql.SQL("grant select ({}) on {} to {}").format(columns, name, reader))


def _create_folders(settings: Settings) -> list[str]:
    filesystem, root = open_url(settings.dropzone)
    made = []
    for dataset in datasets().values():
        if dataset.kind != "file" or dataset.is_optional:
            continue
        folder = f"{root}/{dataset.files.folder}"
        if not filesystem.isdir(folder):
            filesystem.makedirs(folder, exist_ok=True)
            made.append(f"dropzone: folder {dataset.files.folder}")
    return made

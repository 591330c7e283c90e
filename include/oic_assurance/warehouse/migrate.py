"""Create and change the warehouse's roles, schemas and tables.

A migration is a numbered SQL file. Each migration is applied once, in the order of the numbers.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources

import psycopg
from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import password_name
from oic_assurance.warehouse.connections import (
    OFFICE,
    READERS,
    STAGE_ROLES,
    SUPERVISOR,
    connect,
    reason,
    url,
)
from oic_assurance.warehouse.locks import MIGRATIONS, held
from oic_assurance.warehouse.programs import OLDEST_MAJOR
from oic_assurance.warehouse.rows import one_row, relation_exists
from oic_assurance.warehouse.secrets import secret, variable_name

FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_RECORD = """
create schema if not exists audit;
create table if not exists audit.schema_migration (
    number integer primary key,
    name text not null unique,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
);
comment on table audit.schema_migration is
    'Which migrations were applied, with the checksum of each file.';
"""


@dataclass(frozen=True)
class Migration:
    """A migration: one numbered SQL file."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the file's text."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def migrate(settings: Settings) -> list[str]:
    """Apply the migrations that the warehouse lacks, and return the names of their files.

    Each migration is applied and recorded in one transaction. One process at a time migrates. Then
    the passwords of the reader logins are set to the secrets of this deployment.

    Raises:
        ServerError: The server is too old, the login lacks a right, an applied migration was
            changed, or a migration fails.
    """
    with connect(settings, autocommit=True) as connection:
        _check_server(connection)
        migrations = known_migrations()
        applied: list[str] = []
        if _pending(connection, migrations):
            applied = _apply_all(connection, migrations)
        for name, login in READERS.items():
            _ensure_reader(settings, connection, name, login)
    return applied


def known_migrations() -> list[Migration]:
    """Return the migrations of this code, in the order of their numbers.

    Raises:
        ServerError: The numbers are not 1, 2, 3 and so on.
    """
    found = []
    for entry in resources.files("oic_assurance.warehouse").joinpath("migrations").iterdir():
        match = FILE_NAME.fullmatch(entry.name)
        if match:
            text = entry.read_text(encoding="utf-8")
            found.append(Migration(int(match.group(1)), entry.name, text))
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ServerError("The migrations are not numbered 1, 2, 3, …: install the project again.")
    return found


def _check_server(connection: psycopg.Connection) -> None:
    """Check that the server is recent enough and that the login may migrate the warehouse.

    Raises:
        ServerError: The version is too old, or the login does not own the database or may not
            create the roles that are missing.
    """
    version = connection.info.server_version
    if version < OLDEST_MAJOR * 10_000:
        raise ServerError(
            f"The warehouse runs PostgreSQL {version // 10_000}; {OLDEST_MAJOR} or later is needed."
        )
    owns, may_create_roles, missing = one_row(
        connection,
        """
        select pg_has_role(d.datdba, 'USAGE'), r.rolsuper or r.rolcreaterole,
            array(
                select wanted from unnest(%s::text[]) as wanted
                where wanted not in (select rolname from pg_catalog.pg_roles)
            )
        from pg_catalog.pg_database as d, pg_catalog.pg_roles as r
        where d.datname = current_database() and r.rolname = current_user
        """,
        ([*STAGE_ROLES, *READERS.values(), SUPERVISOR, OFFICE],),
        what="entry for its own database and login",
    )
    user, database = connection.info.user, connection.info.dbname
    if not owns:
        raise ServerError(f"The login '{user}' does not own the warehouse database '{database}'.")
    if missing and not may_create_roles:
        raise ServerError(
            f"The login '{user}' may not create roles, and these are missing: "
            f"{', '.join(missing)}. Give it CREATEROLE."
        )


def _pending(connection: psycopg.Connection, migrations: list[Migration]) -> list[Migration]:
    """Return the migrations that are not applied yet.

    Raises:
        ServerError: A migration was changed after it was applied, or the warehouse has a migration
            that this code does not have.
    """
    if not relation_exists(connection, "audit.schema_migration"):
        return migrations
    rows = connection.execute(
        "select number, name, checksum from audit.schema_migration"
    ).fetchall()
    applied = {number: (name, checksum) for number, name, checksum in rows}
    for migration in migrations:
        name, checksum = applied.pop(migration.number, (migration.name, migration.checksum))
        if (name, checksum) != (migration.name, migration.checksum):
            raise ServerError(
                f"Migration {name} was changed after it was applied to this warehouse: "
                "restore the file and put the change into a new one."
            )
    if applied:
        newest = max(applied)
        raise ServerError(
            f"The warehouse is newer than this code: it has migration {applied[newest][0]}. "
            "Update the checkout."
        )
    numbers = {row[0] for row in rows}
    return [migration for migration in migrations if migration.number not in numbers]


def _apply_all(connection: psycopg.Connection, migrations: list[Migration]) -> list[str]:
    with held(connection, MIGRATIONS):
        connection.execute(_RECORD)
        # Another process may have applied migrations while this one waited for the lock.
        pending = _pending(connection, migrations)
        for migration in pending:
            _apply(connection, migration)
    return [migration.name for migration in pending]


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.text.encode("utf-8"))
            connection.execute(
                "insert into audit.schema_migration (number, name, checksum) values (%s, %s, %s)",
                (migration.number, migration.name, migration.checksum),
            )
    except psycopg.Error as error:
        raise ServerError(f"Migration {migration.name} failed: {reason(error)}.") from error


def _ensure_reader(
    settings: Settings, connection: psycopg.Connection, name: str, login: str
) -> None:
    """Set the password of a reader login to the stored secret, unless both are equal already."""
    password = secret(settings, password_name(login))
    try:
        psycopg.connect(url(settings, name), connect_timeout=10).close()
        return
    except psycopg.OperationalError:
        # The login has no password yet, or a password that differs from the secret.
        pass
    # The server receives only a salted hash of the password (a SCRAM verifier), never the password.
    verifier = connection.pgconn.encrypt_password(
        password.encode("utf-8"), login.encode("utf-8"), b"scram-sha-256"
    )
    try:
        connection.execute(
            sql.SQL("alter role {} password {}").format(
                sql.Identifier(login), sql.Literal(verifier.decode("ascii"))
            )
        )
    except psycopg.Error as error:
        raise ServerError(
            f"The password of '{login}' is not the one in {settings.secrets_dir} and cannot be set "
            f"({reason(error)}): give the right one in {variable_name(password_name(login))}."
        ) from error

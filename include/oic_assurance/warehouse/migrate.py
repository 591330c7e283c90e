"""Create and change the warehouse's roles, schemas and tables.

A migration is a numbered SQL file. Each migration is applied once, in the order of the numbers.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources

import psycopg

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import password_name
from oic_assurance.warehouse.connections import (
    FORMER_READER,
    OFFICE,
    READERS,
    SUPERVISOR,
    connect,
    connect_to_migrate,
    reason,
    url,
)
from oic_assurance.warehouse.hardening.close import close, serve_new_roles
from oic_assurance.warehouse.locks import MIGRATIONS, held
from oic_assurance.warehouse.logins import (
    ASK_AN_ADMINISTRATOR,
    ensure_password,
    settle_passwords,
    settle_roles,
    warn_of_an_owner_with_more_rights,
)
from oic_assurance.warehouse.programs import OLDEST_MAJOR
from oic_assurance.warehouse.reader_statements import log_readers
from oic_assurance.warehouse.roles import hand_over, lend, take_back
from oic_assurance.warehouse.rows import one_row, one_value, relation_exists
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
# A keeper owns the record of migrations. With these rights, the owner can read the record outside
# the transaction of a migration, for example in another process while migrations are applied.
_READ_RECORD = """
grant usage on schema audit to current_user;
grant select on audit.schema_migration to current_user;
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


def migrate(settings: Settings, administrator: str | None = None) -> list[str]:
    """Apply the migrations that the warehouse lacks, and return the names of their files.

    `administrator` is the URI of an administrator's login that only the caller knows.

    Each migration is applied and recorded in one transaction. One process at a time migrates. The
    owner is a member of the warehouse's other roles only inside such a transaction.

    After the migrations, the server is hardened, the passwords of the stages and of the readers are
    set to this deployment's secrets, and the server is set to log readers' statements.

    Raises:
        ServerError: The server is too old, the login lacks a right, an applied migration was
            changed, a migration fails, or an administrator must harden the server first.
    """
    with connect_to_migrate(settings, administrator) as connection:
        owner = one_value(connection, "select current_user")
        _check_server(connection)
        settle_roles(connection, owner)
        migrations = known_migrations()
        applied: list[str] = []
        if _pending(connection, migrations):
            serve_new_roles(connection)
            applied = _apply_all(connection, migrations, owner)
        close(connection)
        settle_passwords(settings, connection)
        for name, login in READERS.items():
            secret(settings, password_name(login))
            ensure_password(connection, url(settings, name), variable_name(password_name(login)))
        log_readers(connection, owner)
        warn_of_an_owner_with_more_rights(connection, owner)
    # The login FORMER_READER no longer exists, so its stored password is not needed.
    (settings.secrets_dir / password_name(FORMER_READER)).unlink(missing_ok=True)
    return applied


def missing_migrations(settings: Settings) -> list[Migration]:
    """Return the migrations of this code that the warehouse lacks. Nothing is changed.

    Raises:
        ServerError: The warehouse cannot be reached, an applied migration was changed, or the
            warehouse is newer than this code.
    """
    with connect(settings) as connection:
        return _pending(connection, known_migrations())


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
    former = [] if relation_exists(connection, "audit.release") else [FORMER_READER]
    user, owns, may_create_roles, missing = one_row(
        connection,
        """
        select current_user, pg_has_role(d.datdba, 'USAGE'), r.rolsuper or r.rolcreaterole,
            array(
                select wanted from unnest(%s::text[]) as wanted
                where wanted not in (select rolname from pg_catalog.pg_roles)
            )
        from pg_catalog.pg_database as d, pg_catalog.pg_roles as r
        where d.datname = current_database() and r.rolname = current_user
        """,
        ([*READERS.values(), *former, SUPERVISOR, OFFICE],),
        what="entry for its own database and login",
    )
    database = connection.info.dbname
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


def _apply_all(
    connection: psycopg.Connection, migrations: list[Migration], owner: str
) -> list[str]:
    with held(connection, MIGRATIONS):
        if not relation_exists(connection, "audit.schema_migration"):
            connection.execute(_RECORD)
        # Another process may have applied migrations while this one waited for the lock.
        pending = _pending(connection, migrations)
        if 0 < len(pending) < len(migrations):
            # Under an older version of this code, the owner kept the objects that it had created.
            # So the keepers become their owners before the pending migrations are applied.
            with _as_member_of_all(connection, owner, "The owner's tables cannot be handed over"):
                pass
        for migration in pending:
            _apply(connection, migration, owner)
    return [migration.name for migration in pending]


def _apply(connection: psycopg.Connection, migration: Migration, owner: str) -> None:
    with _as_member_of_all(connection, owner, f"Migration {migration.name} failed"):
        connection.execute(migration.text.encode("utf-8"))
        connection.execute(
            "insert into audit.schema_migration (number, name, checksum) values (%s, %s, %s)",
            (migration.number, migration.name, migration.checksum),
        )


@contextmanager
def _as_member_of_all(connection: psycopg.Connection, owner: str, problem: str) -> Iterator[None]:
    """Run the block in one transaction, in which the owner is a member of every login and keeper.

    At the end, the keepers become the owners of everything that the owner owns. The memberships end
    in the same transaction, so no other session ever sees them.

    Raises:
        ServerError: A statement fails, or the session may not grant a role. The message begins with
            `problem`.
    """
    try:
        with connection.transaction():
            connection.execute("set local role none")
            lend(connection, owner)
            connection.execute("reset role")
            yield
            hand_over(connection, owner)
            connection.execute(_READ_RECORD)
            connection.execute("set local role none")
            take_back(connection, owner, keeping_grants=True)
            connection.execute("reset role")
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServerError(
            f"{problem}: {reason(error)}. If the login '{owner}' lacks a right, "
            f"{ASK_AN_ADMINISTRATOR}."
        ) from error
    except psycopg.Error as error:
        raise ServerError(f"{problem}: {reason(error)}.") from error

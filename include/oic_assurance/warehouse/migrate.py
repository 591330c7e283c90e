"""Create and change the warehouse's roles, schemas and tables.

A new warehouse is made by the files of the folder `schema`, as one migration: the baseline. Every
later change is a numbered SQL file of the folder `migrations`. Each migration is applied once, in
the order of the numbers.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import password_name
from oic_assurance.warehouse.connections import (
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
    PASSWORD,
    ensure_password,
    enter_altered,
    settle_passwords,
    settle_roles,
    warn_of_an_owner_with_more_rights,
)
from oic_assurance.warehouse.programs import OLDEST_MAJOR
from oic_assurance.warehouse.roles import (
    KEEPERS,
    LOGIN_ROLES,
    PERSON,
    RIGHT_ROLES,
    as_login,
    hand_over,
    is_administrator,
    lend,
    take_back,
)
from oic_assurance.warehouse.rows import one_row, one_value, relation_exists
from oic_assurance.warehouse.secrets import secret, variable_name
from oic_assurance.warehouse.versions import (
    BASELINE,
    LAST_BEFORE,
    before_the_baseline,
    migration_files,
    newer_than_code,
    note_version,
    recorded_version,
    schema_files,
    take_over_file,
)

LOG = logging.getLogger(__name__)
#: How long one attempt of a migration waits for the readers of a table that it changes. Meanwhile,
#: new readers of that table wait too. This is shorter than the server's `deadlock_timeout`, so a
#: deadlock cancels the migration and not the reader.
READER_PATIENCE = "300ms"
#: How long to keep trying a migration, over all attempts.
PATIENCE_SECONDS = 900.0
UNCHANGED = "Nothing was changed."
KEEP_AND_DROP = (
    "Keep the definition of what is yours, drop it, run `assurance db start`, and make it again."
)
#: The login that runs dbt.
TRANSFORM = "oic_transform"

# What other people have made in the warehouse's database. No role of the warehouse owns it.
_OTHERS = """
with
    other as (
        select oid from pg_catalog.pg_roles where rolname <> all (%(ours)s)
    )
select
    array(
        select n.nspname::text
        from pg_catalog.pg_namespace as n
        inner join other on n.nspowner = other.oid
    ),
    (
        select coalesce(jsonb_object_agg(c.oid, c.oid::regclass), '{}')
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        inner join other on c.relowner = other.oid
        where c.relkind in ('v', 'm')
            and n.nspname not in ('pg_catalog', 'information_schema')
    )
"""


@dataclass(frozen=True)
class Others:
    """The schemas and the views (names by object id) that other people have made."""

    schemas: list[str]
    views: dict[str, str]


@dataclass(frozen=True)
class Migration:
    """A migration: the texts of one numbered SQL file, or of all files of the baseline."""

    number: int
    name: str
    texts: tuple[str, ...]

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the texts."""
        return hashlib.sha256("".join(self.texts).encode("utf-8")).hexdigest()


def migrate(
    settings: Settings,
    administrator: str | None = None,
    open_marts: Callable[[psycopg.Connection], None] = lambda _: None,
) -> list[str]:
    """Apply the migrations that the warehouse lacks, and return the names of their files.

    `administrator` is the URI of an administrator's login that only the caller knows. `open_marts`
    gives the limited readers what they may read of the current publication, after the migrations.

    A warehouse that ends with the last migration of before the baseline has the same schema, and is
    taken over.

    All of this is one transaction: the warehouse has every migration, or is as it was and the older
    code still runs on it. One process at a time migrates. The owner is a member of the warehouse's
    other roles only inside the transaction. If readers use a table that a migration changes, the
    transaction waits for them and is tried again, and new readers do not wait behind it.

    After the migrations, the server is hardened and set to log what is read, and the passwords of
    the stages and of the readers are set to this deployment's secrets.

    Raises:
        VersionError: The warehouse is newer than this code, or too old for it. Nothing was changed.
        ServerError: The server is too old, the login lacks a right, an applied migration was
            changed, a migration fails, a reader uses a table for longer than `PATIENCE_SECONDS`, or
            an administrator must harden the server first.
    """
    try:
        return _migrate(settings, administrator, open_marts)
    except psycopg.Error as error:
        raise ServerError(
            f"The migration was interrupted: {reason(error)}. The warehouse is as it was before, "
            "or has all migrations. Run `assurance db start` again."
        ) from error


def missing_migrations(settings: Settings) -> list[Migration]:
    """Return the migrations of this code that the warehouse lacks. Nothing is changed.

    Raises:
        ServerError: The warehouse cannot be reached, an applied migration was changed, or the
            warehouse is newer than this code.
    """
    with connect(settings) as connection:
        return _pending(connection, known_migrations())


def known_migrations() -> list[Migration]:
    """Return the migrations of this code, in the order of their numbers. The first is the baseline.

    Raises:
        ServerError: The numbers are not those of the baseline and of what follows it, one by one.
    """
    baseline = tuple(file.read_text(encoding="utf-8") for file in schema_files())
    found = [Migration(BASELINE.number, BASELINE.name, baseline)]
    for file in migration_files():
        number = int(file.name.partition("_")[0])
        if number != found[-1].number + 1:
            raise ServerError(
                f"The migration {file.name} does not follow {found[-1].name}: install the project "
                "again."
            )
        found.append(Migration(number, file.name, (file.read_text(encoding="utf-8"),)))
    return found


def _migrate(
    settings: Settings,
    administrator: str | None,
    open_marts: Callable[[psycopg.Connection], None],
) -> list[str]:
    with connect_to_migrate(settings, administrator) as connection:
        owner = one_value(connection, "select current_user")
        _check_server(connection)
        migrations = known_migrations()
        # Before anything is changed, this checks that the warehouse is not newer than the code.
        applied: list[str] = []
        if _pending(connection, migrations):
            applied = _apply_all(connection, migrations, owner, open_marts)
        else:
            settle_roles(connection, owner)
            note_version(connection)
        others = settle_passwords(settings, connection)
        # A session that does not see passwords cannot tell a new login from an altered one.
        sees_altered = not applied or is_administrator(connection)
        if others and sees_altered:
            enter_altered(settings, others, [PASSWORD])
        close(connection, lambda login, what: enter_altered(settings, [login], what))
        for name, login in READERS.items():
            secret(settings, password_name(login))
            variable = variable_name(password_name(login))
            try:
                with connection.transaction():
                    is_other = ensure_password(connection, url(settings, name), variable)
                    if is_other and sees_altered:
                        enter_altered(settings, [login], [PASSWORD])
            except ServerError as error:
                # Everybody who uses the login can change its password. That stops no run.
                if applied:
                    raise
                LOG.warning("%s", error)
        warn_of_an_owner_with_more_rights(connection, owner)
    return applied


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
        ([*READERS.values(), SUPERVISOR, OFFICE, PERSON, *RIGHT_ROLES.values()],),
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
        VersionError: The warehouse has a migration that this code does not have, or lacks some of
            before the baseline.
        ServerError: A migration was changed after it was applied.
    """
    if not relation_exists(connection, "audit.schema_migration"):
        return migrations
    rows = connection.execute(
        "select number, name, checksum from audit.schema_migration order by number"
    ).fetchall()
    newest = rows[-1][1]
    if rows[0][0] < BASELINE.number:
        if newest != LAST_BEFORE:
            raise before_the_baseline(newest)
        return migrations
    applied = {number: (name, checksum) for number, name, checksum in rows}
    for migration in migrations:
        found = (migration.name, migration.checksum)
        if applied.pop(migration.number, found) != found:
            raise ServerError(
                f"Migration {migration.name} was changed after it was applied to this warehouse: "
                "restore the file and put the change into a new one."
            )
    if applied:
        raise newer_than_code(newest, recorded_version(connection))
    numbers = {row[0] for row in rows}
    return [migration for migration in migrations if migration.number not in numbers]


def _apply_all(
    connection: psycopg.Connection,
    migrations: list[Migration],
    owner: str,
    open_marts: Callable[[psycopg.Connection], None],
) -> list[str]:
    """Apply the pending migrations in one transaction, and return the names of their files.

    If readers use a table that a migration changes, everything is rolled back and tried again.

    Raises:
        ServerError: A statement fails, or readers use a table for longer than `PATIENCE_SECONDS`.
            Nothing was changed.
    """
    with held(connection, MIGRATIONS):
        deadline, is_first = time.monotonic() + PATIENCE_SECONDS, True
        while True:
            step = "The upgrade"
            try:
                with connection.transaction():
                    pending, others = _begin(connection, migrations, owner)
                    for migration in pending:
                        step = f"Migration {migration.name}"
                        with _as_member_of_all(connection, owner, f"{step} failed"):
                            _apply(connection, migration, owner, others)
                    step = "The opening of the marts for limited readers"
                    with _as_member_of_all(connection, owner, f"{step} failed"):
                        open_marts(connection)
                    _check_views(connection, others)
                    note_version(connection)
                return [migration.name for migration in pending]
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                waits = f"{step} waits for sessions that use a table"
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"{waits} ({reason(error)}): end the oldest transaction"
                        f"{_oldest(connection)}, and run `assurance db start` again. {UNCHANGED}"
                    ) from error
            if is_first:
                LOG.warning("%s%s.", waits, _oldest(connection))
                is_first = False
            time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - spreads retries, no secret


def _begin(
    connection: psycopg.Connection, migrations: list[Migration], owner: str
) -> tuple[list[Migration], Others]:
    """Prepare the roles and the tables for the pending migrations.

    Returns these migrations, and what the warehouse's database has of other people's.
    """
    connection.execute("select set_config('lock_timeout', %s, true)", (READER_PATIENCE,))
    settle_roles(connection, owner)
    serve_new_roles(connection)
    # Another process may have applied migrations while this one waited for the lock.
    pending = _pending(connection, migrations)
    ours = {"ours": [*LOGIN_ROLES, *KEEPERS]}
    others = Others(*one_row(connection, _OTHERS, ours, what="list of schemas"))
    if pending[-1:] != migrations[:1] and relation_exists(connection, "audit.schema_migration"):
        with _as_member_of_all(connection, owner, "The preparation of the upgrade failed"):
            _drop_views_of_dbt(connection)
    return pending, others


def _apply(
    connection: psycopg.Connection, migration: Migration, owner: str, others: Others
) -> None:
    texts = migration.texts
    if migration.number == BASELINE.number and relation_exists(
        connection, "audit.schema_migration"
    ):
        texts = (take_over_file().read_text(encoding="utf-8"),)
    for text in texts:
        connection.execute(text.encode("utf-8"))
        # A table cannot be altered while a foreign key of its rows is still to be checked.
        connection.execute("set constraints all immediate")
        connection.execute("set constraints all deferred")
        hand_over(connection, owner, others.schemas)
    connection.execute(
        "insert into audit.schema_migration (number, name, checksum) values (%s, %s, %s)",
        (migration.number, migration.name, migration.checksum),
    )


def _check_views(connection: psycopg.Connection, others: Others) -> None:
    """Check that no view of other people was dropped with a column that it reads.

    Raises:
        ServerError: A view was dropped. The caller rolls the upgrade back.
    """
    left = connection.execute(
        "select oid::text from pg_catalog.pg_class where oid = any (%s)",
        ([int(oid) for oid in others.views],),
    ).fetchall()
    gone = set(others.views) - {oid for (oid,) in left}
    if gone:
        names = ", ".join(sorted(others.views[oid] for oid in gone))
        raise ServerError(
            f"The upgrade removes columns that a view of yours reads: {names}. {UNCHANGED} "
            f"{KEEP_AND_DROP}"
        )


def _drop_views_of_dbt(connection: psycopg.Connection) -> None:
    """Drop every view that dbt has made, because a view keeps the columns that it reads in place.

    Each build makes the views again. dbt's tables stay: no migration is in their way, and the next
    run compares the current publication's tables with its own.

    Raises:
        psycopg.errors.DependentObjectsStillExist: An object that dbt has not made rests on a view.
    """
    views = one_value(
        connection,
        """
        select string_agg(c.oid::regclass::text, ', ')
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_roles as r on c.relowner = r.oid
        where c.relkind = 'v' and r.rolname = %s
        """,
        (TRANSFORM,),
    )
    if views:
        # The server has quoted the names.
        connection.execute(f"drop view {views}".encode())


def _oldest(connection: psycopg.Connection) -> str:
    """Return words that name the session with the oldest transaction, or "" if none is seen."""
    with as_login(connection):
        row = connection.execute(
            """
            select usename, pid from pg_catalog.pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
                and xact_start is not null and usename is not null
            order by xact_start
            limit 1
            """
        ).fetchone()
    return "" if row is None else f", which is of '{row[0]}' (process {row[1]})"


@contextmanager
def _as_member_of_all(connection: psycopg.Connection, owner: str, problem: str) -> Iterator[None]:
    """Run the block while the owner is a member of every login and keeper.

    The memberships end before the transaction does, so no other session ever sees them.

    Raises:
        ServerError: A statement fails, or the session may not grant a role. The message begins with
            `problem`.
        psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected: Another session uses a
            table.
    """
    try:
        with as_login(connection):
            lend(connection, owner)
        yield
        with as_login(connection):
            take_back(connection, owner, keeping_grants=True)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        raise
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServerError(
            f"{problem}: {reason(error)}. {UNCHANGED} If the login '{owner}' lacks a right, "
            f"{ASK_AN_ADMINISTRATOR}."
        ) from error
    except psycopg.errors.DependentObjectsStillExist as error:
        # The detail has a line for each object: "view a.b depends on column c of table d.e".
        objects = "; ".join((error.diag.message_detail or "").splitlines())
        raise ServerError(
            f"{problem}: {reason(error)} ({objects}). {UNCHANGED} {KEEP_AND_DROP}"
        ) from error
    except psycopg.Error as error:
        raise ServerError(f"{problem}: {reason(error)}. {UNCHANGED}") from error

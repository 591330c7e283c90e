"""Create and change the warehouse's roles, schemas and tables.

A migration is a numbered SQL file. Each migration is applied once, in the order of the numbers.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterator
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
    FILE_NAME,
    newer_than_code,
    note_version,
    recorded_version,
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
#: The checksums of texts that a migration had before. A later migration does what they lack.
# pragma: allowlist nextline secret
EARLIER_TEXTS = {70: "255228eb41c818bc14c2f39089eb5289e5aa6d464a3332ce2c126568288bb2db"}
#: The schemas with objects that the owner kept under older versions of this code.
OF_THE_OWNER = ("audit", "identity", "landing")
#: The login that runs dbt.
TRANSFORM = "oic_transform"

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


# What other people have made in the warehouse's database. No role of the warehouse owns it. The
# owner may have made it, because older versions of this code had no other login for it.
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
        where n.nspname <> all (%(schemas)s)
    ),
    (
        select coalesce(jsonb_object_agg(c.oid, c.oid::regclass), '{}')
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        inner join other on c.relowner = other.oid
        where c.relkind in ('v', 'm')
            and n.nspname <> all (%(schemas)s)
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
    """A migration: one numbered SQL file."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the file's text."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def migrate(
    settings: Settings,
    administrator: str | None = None,
    open_marts: Callable[[psycopg.Connection], None] = lambda _: None,
) -> list[str]:
    """Apply the migrations that the warehouse lacks, and return the names of their files.

    `administrator` is the URI of an administrator's login that only the caller knows. `open_marts`
    gives the limited readers what they may read of the current publication, after the migrations.

    All of this is one transaction: the warehouse has every migration, or is as it was and the older
    code still runs on it. One process at a time migrates. The owner is a member of the warehouse's
    other roles only inside the transaction. If readers use a table that a migration changes, the
    transaction waits for them and is tried again, and new readers do not wait behind it.

    After the migrations, the server is hardened and set to log what is read, and the passwords of
    the stages and of the readers are set to this deployment's secrets.

    Raises:
        VersionError: The warehouse is newer than this code. Nothing was changed.
        ServerError: The server is too old, the login lacks a right, an applied migration was
            changed, a migration fails, a reader uses a table for longer than `PATIENCE_SECONDS`, or
            an administrator must harden the server first.
    """
    try:
        applied = _migrate(settings, administrator, open_marts)
    except psycopg.Error as error:
        raise ServerError(
            f"The migration was interrupted: {reason(error)}. The warehouse is as it was before, "
            "or has all migrations. Run `assurance db start` again."
        ) from error
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
        ([*READERS.values(), *former, SUPERVISOR, OFFICE, PERSON, *RIGHT_ROLES.values()],),
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
        VersionError: The warehouse has a migration that this code does not have.
        ServerError: A migration was changed after it was applied.
    """
    if not relation_exists(connection, "audit.schema_migration"):
        return migrations
    rows = connection.execute(
        "select number, name, checksum from audit.schema_migration"
    ).fetchall()
    applied = {number: (name, checksum) for number, name, checksum in rows}
    for migration in migrations:
        name, checksum = applied.pop(migration.number, (migration.name, migration.checksum))
        known = (migration.checksum, EARLIER_TEXTS.get(migration.number))
        if name != migration.name or checksum not in known:
            raise ServerError(
                f"Migration {name} was changed after it was applied to this warehouse: "
                "restore the file and put the change into a new one."
            )
    if applied:
        raise newer_than_code(applied[max(applied)][0], recorded_version(connection))
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
                        with _as_member_of_all(connection, owner, others, f"{step} failed"):
                            _apply(connection, migration)
                    step = "The opening of the marts for limited readers"
                    with _as_member_of_all(connection, owner, others, f"{step} failed"):
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
    if not relation_exists(connection, "audit.schema_migration"):
        connection.execute(_RECORD)
    # Another process may have applied migrations while this one waited for the lock.
    pending = _pending(connection, migrations)
    found = one_row(
        connection,
        _OTHERS,
        {"ours": [*LOGIN_ROLES, *KEEPERS], "schemas": list(OF_THE_OWNER)},
        what="list of schemas",
    )
    others = Others(*found)
    if 0 < len(pending) < len(migrations):
        # Under an older version of this code, the owner kept the objects that it had created. So
        # the keepers become their owners before the pending migrations are applied.
        problem = "The preparation of the upgrade failed"
        with _as_member_of_all(connection, owner, others, problem):
            _drop_views_of_dbt(connection)
    return pending, others


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    connection.execute(migration.text.encode("utf-8"))
    # A table cannot be altered while a foreign key of its rows is still to be checked.
    connection.execute("set constraints all immediate")
    connection.execute("set constraints all deferred")
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
def _as_member_of_all(
    connection: psycopg.Connection, owner: str, others: Others, problem: str
) -> Iterator[None]:
    """Run the block while the owner is a member of every login and keeper.

    At the end, the keepers become the owners of everything that the owner owns. The memberships end
    before the transaction does, so no other session ever sees them.

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
        hand_over(connection, owner, others.schemas)
        connection.execute(_READ_RECORD)
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

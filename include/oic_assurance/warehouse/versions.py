"""Tell whether the warehouse is of the same version as this code.

The migrations of the warehouse decide that. With an older code, a newer warehouse must not be used:
the older code does not know what the newer tables mean. With a newer code, an older warehouse must
first be migrated. docs/upgrade.md says how.
"""

import re
from functools import lru_cache
from importlib import metadata, resources

import psycopg
from psycopg.rows import dict_row

from oic_assurance.errors import AssuranceError
from oic_assurance.warehouse.rows import relation_exists

PACKAGE = "oic-assurance"
FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
GUIDE = "docs/upgrade.md"
#: The warehouse's newest migration, and the version that last changed the warehouse.
_STATE = """
select applied.number, applied.name, (
    select version from audit.upgrade order by upgrade_id desc limit 1
) as version
from audit.schema_migration as applied
order by applied.number desc
limit 1
"""
_NOTE = """
insert into audit.upgrade (version, newest_migration)
select %(version)s, newest.name
from (select name from audit.schema_migration order by number desc limit 1) as newest
where not exists (
    select
    from (select * from audit.upgrade order by upgrade_id desc limit 1) as last
    where last.version = %(version)s and last.newest_migration = newest.name
)
"""


class VersionError(AssuranceError):
    """The warehouse is newer or older than this code. A retry does not help."""


def package_version() -> str:
    """Return the version of the installed package."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "unversioned"


@lru_cache(maxsize=1)
def migration_files() -> tuple[str, ...]:
    """Return the names of this code's migrations, in the order of their numbers."""
    folder = resources.files("oic_assurance.warehouse").joinpath("migrations")
    return tuple(sorted(one.name for one in folder.iterdir() if FILE_NAME.fullmatch(one.name)))


def check_version(connection: psycopg.Connection) -> None:
    """Check that the warehouse has exactly the migrations of this code.

    `connection` is a session of the owner or of any other login of the pipeline.

    Raises:
        VersionError: The warehouse is newer than this code, or must be migrated first.
    """
    newest = migration_files()[-1]
    try:
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(_STATE).fetchone()
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.InvalidSchemaName,
        psycopg.errors.UndefinedTable,
    ):
        # The logins may read the record since the migration that creates audit.upgrade.
        found = None
    if found is None or found["number"] < _number(newest):
        state = "is older than this code" if found is None else f"ends with {found['name']}"
        raise VersionError(
            f"The warehouse {state}, and this code is version {package_version()} and ends with "
            f"{newest}: `assurance db start` brings the warehouse up to date ({GUIDE})."
        )
    if found["number"] > _number(newest):
        raise newer_than_code(found["name"], found["version"])


def newer_than_code(migration: str, version: str | None) -> VersionError:
    """Return the error for a warehouse whose newest migration this code does not have.

    `version` is the version that last changed the warehouse, or None if it is not on record.
    """
    wanted = "a later version"
    if version is not None and version != package_version():
        wanted = f"version {version}"
    return VersionError(
        f"The warehouse is newer than this code: it was changed by {wanted} and ends with "
        f"{migration}, and this code is version {package_version()} and ends with "
        f"{migration_files()[-1]}. Nothing was changed. Install {wanted}, or restore the back-up "
        f"that was made before the upgrade ({GUIDE})."
    )


def recorded_version(connection: psycopg.Connection) -> str | None:
    """Return the version that last changed the warehouse, or None if it is not on record."""
    if not relation_exists(connection, "audit.upgrade"):
        return None
    row = connection.execute(
        "select version from audit.upgrade order by upgrade_id desc limit 1"
    ).fetchone()
    return None if row is None else str(row[0])


def note_version(connection: psycopg.Connection) -> None:
    """Record that this code has migrated the warehouse, unless the last record says so already."""
    if relation_exists(connection, "audit.upgrade"):
        connection.execute(_NOTE, {"version": package_version()})


def _number(name: str) -> int:
    return int(name.partition("_")[0])

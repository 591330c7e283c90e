"""Tell whether the warehouse is of the same version as this code.

The migrations of the warehouse decide that. With an older code, a newer warehouse must not be used:
the older code does not know what the newer tables mean. With a newer code, an older warehouse must
first be migrated. docs/upgrade.md says how.
"""

from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple

import psycopg
from psycopg.rows import dict_row

from oic_assurance import __version__
from oic_assurance.errors import AssuranceError


class Number(NamedTuple):
    """The number and the name of a migration."""

    number: int
    name: str


#: The schema of version 1.0, which the folder `schema` makes.
BASELINE = Number(1000, "1000_version_1_0")
#: The last migration of before the baseline, and the last commit that has these migrations.
LAST_BEFORE = "0082_no_watcher_of_processes.sql"
COMMIT_BEFORE = "f6d126b9"
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


def schema_files() -> list[Traversable]:
    """Return the files of the baseline, in the order in which they are applied."""
    return _files("schema")


def take_over_file() -> Traversable:
    """Return the file that makes the baseline of a warehouse that ends with `LAST_BEFORE`."""
    return resources.files("oic_assurance.warehouse").joinpath("schema", "take_over.sql")


def migration_files() -> list[Traversable]:
    """Return the files of the migrations after the baseline, in the order of their numbers."""
    return _files("migrations")


@lru_cache(maxsize=1)
def newest_migration() -> Number:
    """Return the newest migration of this code."""
    last = migration_files()[-1:]
    return Number(int(last[0].name.partition("_")[0]), last[0].name) if last else BASELINE


def check_version(connection: psycopg.Connection) -> None:
    """Check that the warehouse has exactly the migrations of this code.

    `connection` is a session of the owner or of any other login of the pipeline.

    Raises:
        VersionError: The warehouse is newer than this code, or must be migrated first.
    """
    newest = newest_migration()
    try:
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(_STATE).fetchone()
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.InvalidSchemaName,
        psycopg.errors.UndefinedTable,
    ):
        # The warehouse has no schema yet, or is one of long before the baseline.
        found = None
    if found is None or found["number"] < newest.number:
        state = "is older than this code" if found is None else f"ends with {found['name']}"
        raise VersionError(
            f"The warehouse {state}, and this code is version {__version__} and ends with "
            f"{newest.name}: `assurance db start` brings the warehouse up to date ({GUIDE})."
        )
    if found["number"] > newest.number:
        raise newer_than_code(found["name"], found["version"])


def newer_than_code(migration: str, version: str | None) -> VersionError:
    """Return the error for a warehouse whose newest migration this code does not have.

    `version` is the version that last changed the warehouse, or None if it is not on record.
    """
    wanted = "a later version"
    if version is not None and version != __version__:
        wanted = f"version {version}"
    return VersionError(
        f"The warehouse is newer than this code: it was changed by {wanted} and ends with "
        f"{migration}, and this code is version {__version__} and ends with "
        f"{newest_migration().name}. Nothing was changed. Install {wanted}, or restore the back-up "
        f"that was made before the upgrade ({GUIDE})."
    )


def before_the_baseline(migration: str) -> VersionError:
    """Return the error for a warehouse that lacks migrations of before the baseline."""
    return VersionError(
        f"The warehouse ends with {migration}, which is too old for version {__version__}: "
        f"first run `assurance db start` of commit {COMMIT_BEFORE} ({GUIDE}). Nothing was changed."
    )


def recorded_version(connection: psycopg.Connection) -> str | None:
    """Return the version that last changed the warehouse, or None if it is not on record."""
    row = connection.execute(
        "select version from audit.upgrade order by upgrade_id desc limit 1"
    ).fetchone()
    return None if row is None else str(row[0])


def note_version(connection: psycopg.Connection) -> None:
    """Record that this code has migrated the warehouse, unless the last record says so already."""
    connection.execute(_NOTE, {"version": __version__})


def _files(folder: str) -> list[Traversable]:
    """Return the numbered SQL files of a folder, in the order of their numbers."""
    found = resources.files("oic_assurance.warehouse").joinpath(folder).iterdir()
    numbered = (one for one in found if one.name[0].isdigit() and one.name.endswith(".sql"))
    return sorted(numbered, key=lambda one: one.name)

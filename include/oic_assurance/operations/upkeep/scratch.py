"""Remove the scratch places that killed processes have left in the warehouse and the state folder.

A scratch place holds personal data. Each kind has a lock that its user holds for the whole time,
and a killed process holds no lock. So a place is removed only by who gets the lock. Nothing else is
removed: a schema or folder that is not one of these kinds is somebody else's.

- The schemas of a recomputation (`reproduce_…`), which `explain`, `preview` and `publication
  reproduce` use, and those of `assurance dbt` (`development_…`).
- The schemas in which a run computes a deadline's position or an earlier publication with today's
  rules (`deadline_…`, `restate_…`). They are used while a run builds the candidate.
- The scratch place of a drill, with its server.
- Files of the archive that were not finished. Their name says so, and no batch names them.
"""

import time
from collections.abc import Iterator

import psycopg

from oic_assurance.batches.archive_store import archive_store
from oic_assurance.batches.archive_writer import archived_files
from oic_assurance.builds.development import PREFIX as DEVELOPMENT
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.record import ROLE as TRANSFORM
from oic_assurance.builds.record import schema_prefix
from oic_assurance.operations.backup.drill import remove_left_scratch
from oic_assurance.operations.erase.erase import ROLE as ERASURE
from oic_assurance.operations.upkeep.part import Did
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.storage.store import UNFINISHED
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import CANDIDATE, RECOMPUTE, dataset_lock, release, try_take

#: The prefixes of schemas, and the lock that the user of such a schema holds.
PREFIXES = (
    (schema_prefix("reproduce"), RECOMPUTE),
    (DEVELOPMENT, RECOMPUTE),
    (schema_prefix("deadline"), CANDIDATE),
    (schema_prefix("restate"), CANDIDATE),
)
#: A file of the archive is left alone for a day, because another warehouse that shares the
#: archive could be writing it, and its locks are not seen here.
_DAY = 86_400


def clear_scratch(settings: Settings, dry_run: bool) -> Did:
    """Remove what killed processes have left. With `dry_run`, only count it."""
    in_use: list[str] = []
    schemas = _clear_schemas(settings, in_use, dry_run=dry_run)
    drill = remove_left_scratch(settings, dry_run=dry_run)
    if drill is None:
        in_use.append("a drill")
    files = [
        name
        for dataset in datasets().values()
        for name in _clear_archive(settings, dataset, in_use, dry_run=dry_run)
    ]
    counts = {"schemas": schemas, "scratch folders": int(drill or False), "files": len(files)}
    return Did(counts, note=f"in use: {', '.join(in_use)}" if in_use else None)


def _clear_schemas(settings: Settings, in_use: list[str], *, dry_run: bool) -> int:
    found = 0
    with connect(settings, role=TRANSFORM, autocommit=True) as connection:
        for prefix, lock in PREFIXES:
            if not try_take(connection, lock):
                in_use.append(f"schemas {prefix}…")
                continue
            found += _count_schemas(connection, prefix)
            if not dry_run:
                drop_schemas(connection, prefix)
            release(connection, lock)
    return found


def _count_schemas(connection: psycopg.Connection, prefix: str) -> int:
    rows = connection.execute(
        "select nspname from pg_catalog.pg_namespace where starts_with(nspname, %s)"
        " and pg_has_role(nspowner, 'USAGE')",
        (prefix,),
    ).fetchall()
    return len(rows)


def _clear_archive(
    settings: Settings, dataset: Dataset, in_use: list[str], *, dry_run: bool
) -> Iterator[str]:
    """Remove the unfinished files of a dataset's archive, and yield their names."""
    lock = dataset_lock(settings.force_code, dataset.name)
    with connect(settings, role=ERASURE, autocommit=True) as connection:
        if not try_take(connection, lock):
            in_use.append(dataset.name)
            return
        store = archive_store(settings)
        for name, modified in archived_files(store, dataset).items():
            if name.endswith(UNFINISHED) and modified < time.time() - _DAY:
                if not dry_run:
                    store.remove(name)
                yield name

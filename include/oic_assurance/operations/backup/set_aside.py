"""What the archive has and the warehouse does not know, after a restore to a moment.

If the database is restored to an earlier moment and the archive is not, the archive also has the
deliveries that were landed since. No batch names these files. If they stayed, the next landings
would remove them, or write batches with the same numbers over them. So `set_aside` moves them to a
folder of this host. Nobody reads them there, and an erasure does not find them.

`remove_set_aside` removes them by one rule: a file goes when it was set aside more than
`ASSURANCE_KEEP_SET_ASIDE_DAYS` days ago and the warehouse has what is in it. A delivered file was
archived again with the same content. Of an extract, raw or quarantine has every version, and raw
has every tombstone. A file that is the only copy of anything, or whose place nobody knows, stays
until a person decides.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg.sql import SQL

from oic_assurance.batches.archive_reader import ArchivedContent, open_content
from oic_assurance.batches.archive_store import ARCHIVE, REWRITTEN, archive_store
from oic_assurance.batches.archive_writer import archived_files, unnamed_files
from oic_assurance.clock import utc_now
from oic_assurance.landing.archived_extracts import ExtractTable, vanished_keys
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.landing.replayed_rows import REPLAY_FORMAT
from oic_assurance.operations.erase.erase import ROLE as ERASURE
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import PROVENANCE, Dataset
from oic_assurance.storage.store import StoredFile, open_store
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.locks import dataset_lock, held
from oic_assurance.warehouse.rows import find_value

FOLDER = "set-aside"
#: The form of the moment that names a folder inside it.
MOMENT = "%Y%m%dT%H%M%SZ"
#: What the record of the upkeep says about files that are the only copy.
DECIDE = "a person must decide about {}: docs/how-to/restore.md#what-was-set-aside"

_ARCHIVED_AGAIN = """
select true
from audit.batch
where
    force_code = %(force)s and dataset = %(dataset)s and sha256 = %(sha256)s and status = 'landed'
    and kept_as is not null
limit 1
"""
_NO_TOMBSTONE = """
select k.row_key
from unnest(%(keys)s::text[]) as k (row_key)
where not exists (
    select from {raw} as r
    where r.force_code = %(force)s and r.row_key = k.row_key and r.is_tombstone
)
limit 1
"""
_NO_VERSION = """
select k.row_key
from {rows} as k
inner join {extract} as e using (row_number)
where
    not exists (
        select from {raw} as r
        inner join audit.batch as b using (batch_id)
        where
            r.force_code = %(force)s and r.row_key = k.row_key
            and r.row_fingerprint = k.row_fingerprint and b.kept_as is not null
    )
    and not exists (
        select from audit.rejected_row as q
        inner join audit.batch as b using (batch_id)
        where
            b.force_code = %(force)s and b.kept_as is not null
            and q.dataset = %(dataset)s and q.row_key = k.row_key
            and q.content @> (to_jsonb(e) - %(ours)s::text[])
    )
limit 1
"""


def set_aside(settings: Settings) -> list[Path]:
    """Move each archived file that no batch names to a new folder, and return the new paths.

    No dataset can be landed while its files are moved.

    Raises:
        ServerError: The warehouse or the archive cannot be reached.
        OSError: The disk is full or fails. The file stays in the archive.
    """
    store = archive_store(settings)
    target = settings.home / FOLDER / utc_now().strftime(MOMENT)
    moved = []
    with connect(settings, role="oic_landing", autocommit=True) as connection:
        for dataset in datasets().values():
            with held(connection, dataset_lock(settings.force_code, dataset.name)):
                files = archived_files(store, dataset)
                for name in unnamed_files(connection, dataset, files):
                    # An erasure looks for its rewritten files at their place, and moves them.
                    if REWRITTEN in Path(name).suffixes:
                        continue
                    place = target / name
                    for folder in reversed(place.parents):
                        if folder.is_relative_to(settings.home):
                            private_folder(settings, folder)
                    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                    with store.open(name) as source, os.fdopen(descriptor, "wb") as copy:
                        shutil.copyfileobj(source, copy)
                        copy.flush()
                        os.fsync(copy.fileno())
                    store.remove(name)
                    moved.append(place)
    return moved


def files_set_aside(settings: Settings) -> list[tuple[datetime, Path]]:
    """Return the files that restores have set aside on this host, the oldest first, with when."""
    return sorted(_files(settings.home / FOLDER))


def _files(top: Path) -> Iterator[tuple[datetime, Path]]:
    for folder in top.iterdir() if top.is_dir() else ():
        try:
            moment = datetime.strptime(folder.name, MOMENT).replace(tzinfo=UTC)
        except ValueError:
            continue  # somebody else's
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield moment, path


@dataclass
class Removed:
    """How many files `remove_set_aside` has removed, or would remove, and how many it has left."""

    removed: int = 0
    waiting: int = 0
    only_copies: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    note: str | None = None


def remove_set_aside(settings: Settings, *, dry_run: bool) -> Removed:
    """Remove old files of which the warehouse has the content. With `dry_run`, only count them.

    Raises:
        AssuranceError: A file cannot be read.
    """
    done, top = Removed(), settings.home / FOLDER
    with connect(settings, role=ERASURE, autocommit=True) as connection:
        for moment, path in files_set_aside(settings):
            size = path.stat().st_size
            done.bytes_before += size
            if utc_now() - moment <= timedelta(days=settings.keep_set_aside_days):
                done.waiting += 1
            elif not _is_known(settings, connection, path):
                done.only_copies += 1
                done.note = DECIDE.format(top)
            else:
                done.removed += 1
                if not dry_run:
                    size = 0
                    path.unlink(missing_ok=True)
                    folder = path.parent
                    while folder != top and not any(folder.iterdir()):
                        folder.rmdir()
                        folder = folder.parent
            done.bytes_after += size
    return done


def _is_known(settings: Settings, connection: psycopg.Connection, path: Path) -> bool:
    """Tell whether the warehouse and its archive have everything that is in a file."""
    _, *place, name = path.relative_to(settings.home / FOLDER).parts
    dataset = datasets().get("/".join(place[1:])) if place[:1] == [ARCHIVE] else None
    if dataset is None:
        return False
    store = open_store(settings, f"file://{path.parent}", what="folder", prefix="", is_own=True)
    with open_content(StoredFile(store, name)) as content, connection.transaction():
        if content.header:
            return _has_extract(settings, connection, dataset, content)
        values = {"force": settings.force_code, "dataset": dataset.name, "sha256": content.sha256}
        return find_value(connection, _ARCHIVED_AGAIN, values) is not None


def _has_extract(
    settings: Settings, connection: psycopg.Connection, dataset: Dataset, content: ArchivedContent
) -> bool:
    """Tell whether the warehouse has each version or tombstone of an extract."""
    table, header = dataset.tables[0], content.header
    # Only the person who replayed the rows knows their corrections.
    if header.get("format") == REPLAY_FORMAT or not raw_table_exists(connection, dataset, table):
        return False
    raw = raw_name(dataset, table)
    values: dict[str, object] = {"force": settings.force_code, "dataset": dataset.name}
    if header.get("vanished"):
        values["keys"] = [key for _, key in vanished_keys(content)]
        return find_value(connection, SQL(_NO_TOMBSTONE).format(raw=raw), values) is None
    extract = ExtractTable(connection, dataset, table, header)
    extract.fill(content)
    values["ours"] = [*PROVENANCE, "row_number"]
    rows = extract.rows_query(extract.content_columns)
    missing = SQL(_NO_VERSION).format(rows=rows, extract=extract.name, raw=raw)
    return find_value(connection, missing, values) is None

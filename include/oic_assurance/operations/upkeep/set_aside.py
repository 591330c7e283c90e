"""Remove files that a restore has set aside, once they are old and nothing in them is lost by it.

`operations/backup/set_aside` moves deliveries of which a restored warehouse knows nothing to a
folder of this host. Nobody reads them there, and an erasure does not find them. So a file is
removed when it was set aside more than `ASSURANCE_KEEP_SET_ASIDE_DAYS` days ago and the warehouse
has what is in it:

- A delivered file: a batch of the same dataset was archived with the same content.
- An extract: raw or quarantine has every version in it.
- A list of vanished records: raw has their tombstones.

A file that is the only copy of anything stays, and the record of the upkeep says that a person must
decide. A file whose place nobody knows stays too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg.sql import SQL

from oic_assurance import clock
from oic_assurance.batches.archive_reader import ArchivedContent, open_content
from oic_assurance.batches.archive_store import ARCHIVE
from oic_assurance.landing.archived_extracts import ExtractTable, vanished_keys
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.landing.replayed_rows import REPLAY_FORMAT
from oic_assurance.operations.backup.set_aside import FOLDER, MOMENT
from oic_assurance.operations.erase.erase import ROLE
from oic_assurance.operations.upkeep.part import Did
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import PROVENANCE, Dataset
from oic_assurance.storage.store import StoredFile, open_store
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value, one_value

#: What the record of the upkeep says about files that are the only copy.
DECIDE = "a person must decide about {}: docs/how-to/restore.md#what-was-set-aside"


@dataclass(frozen=True)
class SetAside:
    """A file that was set aside."""

    path: Path
    moment: datetime
    #: The dataset of the delivery. None if it is not declared any more.
    dataset: Dataset | None

    def is_old(self, settings: Settings) -> bool:
        """Tell whether the file was set aside so long ago that it may be removed."""
        return clock.utc_now() - self.moment > timedelta(days=settings.keep_set_aside_days)


def files_set_aside(settings: Settings) -> list[SetAside]:
    """Return the files that restores have set aside on this host, the oldest first."""
    return sorted(_files(settings.home / FOLDER), key=lambda one: (one.moment, one.path))


def remove_set_aside(settings: Settings, dry_run: bool) -> Did:
    """Remove old files of which the warehouse has the content. With `dry_run`, only count them."""
    removed, waiting = 0, 0
    only: list[Path] = []
    before = after = 0
    with connect(settings, role=ROLE, autocommit=True) as connection:
        for file in files_set_aside(settings):
            size = file.path.stat().st_size
            before += size
            if not file.is_old(settings):
                waiting += 1
            elif _is_known(settings, connection, file):
                removed += 1
                if not dry_run:
                    _remove(settings.home / FOLDER, file.path)
                    size = 0
            else:
                only.append(file.path)
            after += size
    counts = {"removed": removed, "not old yet": waiting, "only copies": len(only)}
    note = DECIDE.format(settings.home / FOLDER) if only else None
    return Did(counts, before, after, note)


def _files(folder: Path) -> Iterator[SetAside]:
    for one in folder.iterdir() if folder.is_dir() else ():
        try:
            moment = datetime.strptime(one.name, MOMENT).replace(tzinfo=UTC)
        except ValueError:
            continue  # somebody else's
        for path in one.rglob("*"):
            if path.is_file() and not path.is_symlink():
                name = path.parent.relative_to(one)
                known = name.is_relative_to(ARCHIVE)
                declared = datasets().get(str(name.relative_to(ARCHIVE))) if known else None
                yield SetAside(path, moment, declared)


def _is_known(settings: Settings, connection: psycopg.Connection, file: SetAside) -> bool:
    """Tell whether the warehouse and its archive have everything that is in a file.

    Raises:
        AssuranceError: The file cannot be read.
    """
    if file.dataset is None:
        return False
    folder = f"file://{file.path.parent}"
    store = open_store(settings, folder, what="folder", prefix="", is_own=True)
    with open_content(StoredFile(store, file.path.name)) as content:
        if content.header:
            with connection.transaction():
                return _has_extract(settings, connection, file.dataset, content)
    return bool(
        one_value(
            connection,
            """
            select count(*) from audit.batch
            where
                force_code = %s and dataset = %s and sha256 = %s and status = 'landed'
                and kept_as is not null
            """,
            (settings.force_code, file.dataset.name, content.sha256),
        )
    )


def _has_extract(
    settings: Settings, connection: psycopg.Connection, dataset: Dataset, content: ArchivedContent
) -> bool:
    """Tell whether raw or quarantine has each version of an extract.

    If the extract is a list of vanished records, tells whether raw has a tombstone of each.
    """
    [table] = dataset.tables[:1]
    header = content.header
    # Only the person who replayed the rows knows their corrections.
    if header.get("format") == REPLAY_FORMAT or not raw_table_exists(connection, dataset, table):
        return False
    raw, force = raw_name(dataset, table), settings.force_code
    if header.get("vanished"):
        keys = [key for _, key in vanished_keys(content)]
        lacking = SQL(
            """
            select count(*) from unnest(%s::text[]) as k (row_key)
            where not exists (
                select from {} as r
                where r.force_code = %s and r.row_key = k.row_key and r.is_tombstone
            )
            """
        ).format(raw)
        return not one_value(connection, lacking, (keys, force))
    extract = ExtractTable(connection, dataset, table, header)
    extract.fill(content)
    missing = SQL(
        """
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
    ).format(rows=extract.rows_query(extract.content_columns), extract=extract.name, raw=raw)
    values = {"force": force, "dataset": dataset.name, "ours": [*PROVENANCE, "row_number"]}
    return find_value(connection, missing, values) is None


def _remove(top: Path, path: Path) -> None:
    """Remove a file, and each folder below `top` that is empty then."""
    path.unlink(missing_ok=True)
    folder = path.parent
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent

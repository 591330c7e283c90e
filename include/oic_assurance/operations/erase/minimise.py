"""Remove texts from archived extracts if the dataset's declaration no longer asks for them.

An extract that was archived under an earlier declaration can hold a column that is no longer
extracted. It can also hold the texts of a column for which landing now records only whether there
is a text. Each such extract is rewritten: a column that is no longer extracted is left out, and
each such text is replaced with true or false. All rows stay. The log of erasures records the
SHA-256 before and after, as for an erased row. Delivered files stay as they are, because the
archive keeps files exactly as delivered.
"""

import psycopg
from psycopg.types.json import Jsonb

from oic_assurance.batches.archive_reader import (
    ArchivedBatch,
    UnreadableError,
    archived_batches,
    open_content,
)
from oic_assurance.batches.archive_store import REWRITTEN, archived_file
from oic_assurance.batches.archive_writer import rewritten
from oic_assurance.errors import AssuranceError
from oic_assurance.landing.archived_extracts import ExtractTable
from oic_assurance.landing.replayed_rows import REPLAY_FORMAT
from oic_assurance.operations.erase.erase import erasing
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.storage.store import StoredFile
from oic_assurance.warehouse.processing_log import enter


def minimise_archive(settings: Settings, dataset: Dataset) -> int:
    """Rewrite the extracts of a dataset that hold texts that are no longer extracted.

    Return how many were rewritten. After an interruption, the next call continues.

    Raises:
        AssuranceError: An archived batch cannot be read. The batches before it have been rewritten.
    """
    rewritten = 0
    if dataset.kind != "database":
        return rewritten
    with erasing(settings, dataset) as connection:
        for batch in archived_batches(connection, settings.force_code, dataset.name):
            if batch.archived_as is None:
                continue
            file = archived_file(settings, batch.archived_as)
            try:
                rewritten += _minimise(settings, connection, dataset, batch, file)
            except UnreadableError as error:
                raise AssuranceError(
                    f"{dataset.name}: batch {batch.batch_id} ({batch.source_place}) cannot be read:"
                    f" {error.message.rstrip('.')}. `assurance batch verify` shows which batches"
                    " are damaged."
                ) from error
    return rewritten


def _minimise(
    settings: Settings,
    connection: psycopg.Connection,
    dataset: Dataset,
    batch: ArchivedBatch,
    file: StoredFile,
) -> bool:
    """Write and log a draft of one extract without the texts.

    Return whether the extract had any such texts.
    """
    [table] = dataset.tables
    with open_content(file) as content:
        header = content.header
        texts = set(table.presences) - set(header.get("presence", ()))
        held = (texts | set(dataset.database.never_extracted)) & set(header["columns"])
        if not held or header.get("vanished") or header.get("format") == REPLAY_FORMAT:
            return False
        with connection.transaction():
            extract = ExtractTable(connection, dataset, table, header)
            extract.fill(content)
            columns = [
                name for name in extract.columns if name not in dataset.database.never_extracted
            ]
            presences = [name for name in table.presences if name in columns]
            with rewritten(file.with_ending(REWRITTEN), settings) as writer:
                writer.write_header({**header, "columns": columns, "presence": presences})
                for chunk in extract.chunks(columns, minimised=True):
                    writer.write(chunk)
            connection.execute(
                """
                insert into audit.batch_erasure
                    (batch_id, sha256_before, sha256_after, places, raw_rows, rejected_rows)
                values (%s, %s, %s, %s, 0, 0)
                """,
                (batch.batch_id, content.sha256, writer.sha256, Jsonb({})),
            )
            what = f"{dataset.name}, archived batch {batch.batch_id}: the texts in "
            what += f"{', '.join(sorted(held))}, which are not extracted any more"
            enter(connection, "erasure", what)
    return True

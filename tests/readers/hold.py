"""Measure the cost of one reader who reads an old publication while many new ones are made."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from psycopg import sql

from oic_assurance.publishing.maintenance import tidy
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.retention import ATTACHED
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from tests.databases import administrator
from tests.integration.publishing.marts import as_reader
from tests.readers.activity import attached, size_of_generation
from tests.readers.copies import Copier
from tests.readers.kinds import AT_A_TIME
from tests.readers.questions import Known, learn


@dataclass
class HoldResult:
    """The measurements of the trial with one long reader, and the faults that it found."""

    generation_bytes: int = 0
    database_bytes: list[int] = field(default_factory=list)
    attached_meanwhile: int = 0
    attached_afterwards: int = 0
    faults: list[str] = field(default_factory=list)


def hold(settings: Settings, seconds: float, publications: int) -> HoldResult:
    """Keep a reader in a transaction with a half-read cursor while new publications are made.

    The publications are spread over `seconds`. At the end, the reader must still see the
    publication with which it began. While the reader reads, old generations stay attached. After
    the reader has ended, retention must detach them.
    """
    held = HoldResult()
    copier = Copier.of_current(settings)
    for _ in range(3):
        _publish(copier)
    known = learn(url(settings, "bi"), {})
    largest = max(known.rows, key=lambda name: known.rows[name])
    held.database_bytes.append(_database_bytes(settings))
    with as_reader(settings, "bi") as reader:
        row = reader.execute("select publication_id from marts.publication where is_current")
        publication = int((row.fetchone() or (0,))[0])
        held.generation_bytes = size_of_generation(settings, publication)
        with reader.cursor(name="half_read") as cursor:
            cursor.execute(
                sql.SQL("select publication_id from {}").format(sql.Identifier("marts", largest))
            )
            read = cursor.fetchmany(AT_A_TIME)
            began = time.monotonic()
            for number in range(1, publications + 1):
                time.sleep(max(0.0, began + seconds * number / publications - time.monotonic()))
                _publish(copier)
                held.attached_meanwhile = max(held.attached_meanwhile, attached(settings))
            read += cursor.fetchall()
        held.faults += _faults(known, largest, read, publication)
        for table, rows in known.rows.items():
            found = reader.execute(
                sql.SQL("select publication_id from {}").format(sql.Identifier("marts", table))
            ).fetchall()
            if found != [(publication,)] * rows:
                held.faults.append(f"{table}: not the {rows} rows of publication {publication}")
    tidy(settings)
    held.attached_afterwards = attached(settings)
    if held.attached_afterwards > ATTACHED:
        held.faults.append(f"{held.attached_afterwards} generations are still attached")
    held.database_bytes.append(_database_bytes(settings))
    return held


def _publish(copier: Copier) -> None:
    publish(copier.settings, copier.make())
    tidy(copier.settings)


def _faults(known: Known, table: str, read: list[tuple[int]], publication: int) -> Iterable[str]:
    if read != [(publication,)] * known.rows[table]:
        yield f"the cursor over {table} gave {len(read)} rows, of publications {set(read)}"


def _database_bytes(settings: Settings) -> int:
    with administrator(settings) as conn:
        row = conn.execute("select pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0

"""Measure the cost of one reader who reads an old publication while many new ones are made."""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

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

MEGABYTE = 1024 * 1024


@dataclass
class HoldResult:
    """The measurements of the trial with one long reader, and the faults that it found."""

    seconds: float = 0.0
    generation_bytes: int = 0
    database_bytes: list[int] = field(default_factory=list)
    #: How many seconds each publication took: `before` the reader began, and `meanwhile`, while it
    #: read.
    before: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)
    attached_meanwhile: int = 0
    attached_afterwards: int = 0
    faults: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Return the measurements as a table in Markdown."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        grown = (self.database_bytes[-1] - self.database_bytes[0]) / MEGABYTE
        yield "| one reader keeps reading an old publication | |"
        yield "|---|---:|"
        yield f"| time for which the reader reads | {self.seconds:,.0f} s |"
        yield f"| publications before: median | {median(self.before):.2f} s |"
        yield (
            f"| {len(self.meanwhile)} publications meanwhile: median, longest "
            f"| {median(self.meanwhile):.2f} s, {max(self.meanwhile):.2f} s |"
        )
        yield f"| most generations attached meanwhile | {self.attached_meanwhile} |"
        yield f"| generations attached after the next retention | {self.attached_afterwards} |"
        yield f"| size of one generation | {self.generation_bytes / MEGABYTE:,.1f} MB |"
        yield f"| the database grew by | {grown:,.1f} MB |"


def hold(
    settings: Settings, seconds: float, publications: int, *, show_progress: bool = False
) -> HoldResult:
    """Keep a reader in a transaction with a half-read cursor while new publications are made.

    The publications are spread over `seconds`. At the end, the reader must still see the
    publication with which it began. While the reader reads, old generations stay attached. After
    the reader has ended, retention must detach them.
    """
    held = HoldResult(seconds=seconds)
    copier = Copier.of_current(settings)
    for _ in range(3):
        held.before.append(_publish(copier))
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
                held.meanwhile.append(_publish(copier))
                held.attached_meanwhile = max(held.attached_meanwhile, attached(settings))
                if show_progress:
                    sys.stderr.write(f"publication {number}: {held.meanwhile[-1]:.2f} s\n")
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


def _publish(copier: Copier) -> float:
    build = copier.make()
    began = time.monotonic()
    publish(copier.settings, build)
    took = time.monotonic() - began
    tidy(copier.settings)
    return took


def _faults(known: Known, table: str, read: list[tuple[int]], publication: int) -> Iterable[str]:
    if read != [(publication,)] * known.rows[table]:
        yield f"the cursor over {table} gave {len(read)} rows, of publications {set(read)}"


def _database_bytes(settings: Settings) -> int:
    with administrator(settings) as conn:
        row = conn.execute("select pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0

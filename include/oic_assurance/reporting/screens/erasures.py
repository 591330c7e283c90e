"""The screens of `assurance erase`. They show how many rows are erased from each place.

The screens never show a record's key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.operations.erase.finish import Finish
from oic_assurance.operations.erase.search import Found, Request
from oic_assurance.reporting.screens.layout import count, wrapped
from oic_assurance.sources.declarations.model import Dataset, Table


@dataclass(frozen=True)
class RecordTraces:
    """How many rows, batches and pseudonyms of a record the warehouse holds.

    After an erasure, these are the numbers that the erasure removed.
    """

    dataset: str
    table: str
    raw_rows: int
    quarantine_rows: int
    archived_rows: int
    archived_batches: int
    pseudonyms: int

    def __bool__(self) -> bool:
        """Return whether raw, quarantine or the archive holds anything of the record."""
        return bool(self.raw_rows or self.quarantine_rows or self.archived_batches)


@dataclass(frozen=True)
class ExpiredTable:
    """How many records of one table are past their retention, and how long the retention is."""

    dataset: str
    table: str
    records: int
    retention_years: int
    retention_basis: str


@dataclass(frozen=True)
class Expired:
    """All tables with records that are past their retention."""

    tables: list[ExpiredTable]


def traces(dataset: Dataset, table: Table, found: Found) -> RecordTraces:
    """Return how many rows, batches and pseudonyms of a record were found or erased."""
    return RecordTraces(
        dataset=dataset.name,
        table=table.name,
        raw_rows=found.raw.total(),
        quarantine_rows=found.rejected.total(),
        archived_rows=found.archived_rows,
        archived_batches=len(found.rewritten),
        pseudonyms=found.pseudonyms,
    )


def expired(requests: Sequence[Request]) -> Expired:
    """Return, for each table, how many records are past their retention.

    `requests` are the requests that would erase these records.
    """
    return Expired(
        [
            ExpiredTable(
                request.dataset.name,
                request.table.name,
                len(request.keys),
                request.dataset.retention.years,
                request.dataset.retention.basis,
            )
            for request in requests
        ]
    )


def found_screen(found: RecordTraces) -> str:
    """Return the screen of a dry run: what an erasure of the record would remove."""
    where = f"{found.dataset}, {found.table}"
    if not found:
        return _text(wrapped(f"{where}: the warehouse holds nothing under this key."))
    return _text([*wrapped(f"{where}: would be erased:"), *_counts(found)])


def erased_screen(erased: RecordTraces) -> str:
    """Return the screen after an erasure: what was removed, and what happens next."""
    if not erased:
        return found_screen(erased)
    next_steps = (
        "The next publication has marts without it. The end of that run removes the last traces."
    )
    return _text(
        [
            *wrapped(f"{erased.dataset}, {erased.table}: erased:"),
            *_counts(erased),
            *wrapped(next_steps),
        ]
    )


def expired_screen(found: Expired) -> str:
    """Return the screen that shows, for each table, how many records are past their retention."""
    if not found.tables:
        return "Nothing is past its retention.\n"
    lines = []
    for one in found.tables:
        lines += wrapped(
            f"{one.dataset}, {one.table}: {count(one.records, 'record')} past retention: "
            f"{one.retention_years} years, {one.retention_basis}"
        )
    return _text(lines)


def finish_screen(done: Finish) -> str:
    """Return the screen that says whether the last traces of erased records were removed.

    If traces are left, the screen says what their removal is waiting for.
    """
    if not done.erasures:
        return _text(wrapped("Nothing was erased since the last traces were removed."))
    erasures = count(done.erasures, "erasure")
    if done.waits_for is not None:
        return _text(wrapped(f"Traces of {erasures} are left: waiting for {done.waits_for}."))
    dropped = count(len(done.publications), "publication")
    verb = "was" if len(done.publications) == 1 else "were"
    return _text(
        wrapped(
            f"The last traces of {erasures} are gone. {dropped} with the erased records {verb} "
            "dropped."
        )
    )


def _counts(found: RecordTraces) -> list[str]:
    batches = count(found.archived_batches, "batch", "batches")
    return [
        f"  raw           {count(found.raw_rows, 'row')}",
        f"  quarantine    {count(found.quarantine_rows, 'row')}",
        f"  archive       {count(found.archived_rows, 'row')} in {batches}",
        f"  pseudonyms    {found.pseudonyms:,}",
    ]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"

"""Erasures at a terminal: counts by place. The record itself is never shown."""

from collections.abc import Sequence

from oic_assurance.operations.erase.finish import Finish
from oic_assurance.operations.erase.search import Found, Request
from oic_assurance.reporting.screens.layout import count, wrapped
from oic_assurance.sources.declarations.model import Dataset, Table


def found_lines(dataset: Dataset, table: Table, found: Found) -> list[str]:
    """Return what the warehouse holds of a record."""
    if not found:
        return wrapped(f"{dataset.name}, {table.name}: nothing is held under this key.")
    return [*wrapped(f"{dataset.name}, {table.name}: would be erased:"), *_counts(found)]


def erased_lines(dataset: Dataset, table: Table, found: Found) -> list[str]:
    """Return what was erased of a record, and what happens next."""
    if not found:
        return found_lines(dataset, table, found)
    return [
        *wrapped(f"{dataset.name}, {table.name}: erased:"),
        *_counts(found),
        *wrapped(
            "The marts lose it with the next publication, and the end of that run removes the last "
            "traces."
        ),
    ]


def expired_lines(requests: Sequence[Request]) -> list[str]:
    """Return how many records of each table are past their retention."""
    if not requests:
        return ["Nothing is past its retention."]
    lines = []
    for one in requests:
        lines += wrapped(
            f"{one.dataset.name}, {one.table.name}: {count(len(one.keys), 'record')} past "
            f"retention: {one.dataset.retention.years} years, {one.dataset.retention.basis}",
        )
    return lines


def finish_lines(done: Finish) -> list[str]:
    """Return the result of removing the last traces."""
    if not done.erasures:
        return wrapped("Nothing was erased since the last traces were removed.")
    if done.waits_for is not None:
        return wrapped(
            f"Traces of {count(done.erasures, 'erasure')} are left: waiting for {done.waits_for}."
        )
    dropped = count(len(done.publications), "publication")
    return wrapped(
        f"The last traces of {count(done.erasures, 'erasure')} are gone. {dropped} that held them "
        "were dropped."
    )


def _counts(found: Found) -> list[str]:
    copies = count(len(found.rewritten), "batch", "batches")
    return [
        f"  raw           {count(found.raw.total(), 'row')}",
        f"  quarantine    {count(found.rejected.total(), 'row')}",
        f"  archive       {count(found.archived_rows, 'row')} in {copies}",
        f"  pseudonyms    {found.pseudonyms:,}",
    ]

"""What an erasure took, or would take, on the screen: counts by place, never the record."""

from collections.abc import Sequence

from oic_assurance.operations.erase.finish import Finish
from oic_assurance.operations.erase.search import Found, Request
from oic_assurance.reporting.screens.layout import count
from oic_assurance.sources.declarations.model import Dataset, Table


def found_lines(dataset: Dataset, table: Table, found: Found) -> list[str]:
    """Return what there is of a record."""
    if not found:
        return [f"{dataset.name}, {table.name}: nothing is held under this key."]
    return [f"{dataset.name}, {table.name}: would be erased:", *_counts(found)]


def erased_lines(dataset: Dataset, table: Table, found: Found) -> list[str]:
    """Return what went of a record, and what is still to come."""
    if not found:
        return found_lines(dataset, table, found)
    return [
        f"{dataset.name}, {table.name}: erased:",
        *_counts(found),
        "The marts lose it with the next publication, and the end of that run removes the last"
        " traces.",
    ]


def expired_lines(requests: Sequence[Request]) -> list[str]:
    """Return how many records are past their retention, a line a table."""
    if not requests:
        return ["Nothing is past its retention."]
    return [
        f"{one.dataset.name}, {one.table.name}: {count(len(one.keys), 'record')} past retention: "
        f"{one.dataset.retention.years} years, {one.dataset.retention.basis}"
        for one in requests
    ]


def finish_line(done: Finish) -> str:
    """Return what came of removing the last traces."""
    if not done.erasures:
        return "Nothing was erased since the last traces went."
    if done.waits_for is not None:
        return (
            f"Traces of {count(done.erasures, 'erasure')} are left: waiting for {done.waits_for}."
        )
    dropped = count(len(done.publications), "publication")
    return (
        f"The last traces of {count(done.erasures, 'erasure')} are gone; {dropped} that held them "
        "went too."
    )


def _counts(found: Found) -> list[str]:
    copies = count(len(found.rewritings), "batch", "batches")
    return [
        f"  raw           {count(found.raw.total(), 'row')}",
        f"  quarantine    {count(found.rejected.total(), 'row')}",
        f"  kept batches  {count(found.kept_rows, 'row')} in {copies}",
        f"  pseudonyms    {found.pseudonyms:,}",
    ]

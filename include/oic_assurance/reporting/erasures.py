"""What an erasure took, or would take, on the screen: counts by place, never the record."""

from oic_assurance.erasure.erase import Found
from oic_assurance.reporting.layout import count
from oic_assurance.sources.model import Dataset, Table


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


def _counts(found: Found) -> list[str]:
    copies = count(len(found.rewritings), "batch", "batches")
    return [
        f"  raw           {count(found.raw.total(), 'row')}",
        f"  quarantine    {count(found.rejected.total(), 'row')}",
        f"  kept batches  {count(found.kept_rows, 'row')} in {copies}",
        f"  pseudonyms    {found.pseudonyms:,}",
    ]

"""The screen of `assurance national export`: the files that were written."""

from oic_assurance.reporting.national.export import Export
from oic_assurance.reporting.screens.layout import moment, table


def export_screen(made: Export) -> str:
    """Return the exported files with their rows, and where they are."""
    lines = table(["file", "rows"], [[file.name, str(file.rows)] for file in made.files])
    first = (
        f"The aggregates of publication {made.publication_id} as at {moment(made.as_at)} are in "
        f"{made.place}."
    )
    last = f"The manifest is signed with the key {made.key}."
    return "\n".join([first, *lines, last]) + "\n"

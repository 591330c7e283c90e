"""The screen of `assurance pack`: the files that were written."""

from oic_assurance.reporting.pack.make import Pack


def pack_screen(made: Pack) -> str:
    """Return the paths of the pack's files, one per line."""
    return f"{made.page}\n{made.paper}\n"

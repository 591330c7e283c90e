"""The screen of `assurance workbook`: the file that was made."""

from oic_assurance.reporting.workbook.make import Workbook


def workbook_screen(made: Workbook) -> str:
    """Return the path of a workbook, and whether Excel can refresh it."""
    refresh = (
        "Excel can refresh it through the data source oic-assurance."
        if made.can_be_refreshed
        else "Excel cannot refresh it: a refresh would read the current publication."
    )
    return f"Workbook of publication {made.publication_id}. {refresh}\n{made.file}\n"

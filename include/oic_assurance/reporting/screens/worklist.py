"""The screen of a supervisor's worklist."""

from oic_assurance.operations.worklist import Worklist
from oic_assurance.reporting.screens.layout import NOTHING, count, day, table


def worklist_screen(worklist: Worklist) -> str:
    """Return a table of the open exceptions, oldest first, with the officer of each exception."""
    if not worklist.exceptions:
        return f"'{worklist.login}' has no open exception.\n"
    rows = [
        (
            day(one.opened_at),
            str(one.age_days),
            one.org_unit_code,
            one.exception_code,
            one.record_ref,
            one.number or NOTHING,
            one.name or NOTHING,
        )
        for one in worklist.exceptions
    ]
    head = ("opened", "days", "unit", "exception", "record", "officer", "name")
    lines = table(head, rows, indent=0)
    return "\n".join([*lines, "", f"{count(len(rows), 'open exception')}."]) + "\n"

"""Make the tables of `docs/reference/files.md`."""

from itertools import groupby

from tests.files.case import Case
from tests.files.catalogue import CASES


def table() -> str:
    """Return the catalogue as Markdown tables."""
    parts = []
    for group, cases in groupby(CASES, key=lambda case: case.group):
        lines = [f"## {group}", "", "| file | result |", "|---|---|"]
        lines += [f"| {_cell(case.name)} | {_cell(_outcome(case))} |" for case in cases]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _outcome(case: Case) -> str:
    if case.refused is not None:
        return f"refused: *{case.refused}*"
    notes = sorted({name for table in case.notes.values() for name in table})
    parts = ["landed"] if any(case.expected().values()) or not case.rejected else []
    if case.rejected:
        reasons = dict.fromkeys(reason for _, _, reasons in case.rejected for reason in reasons)
        parts.append(f"in quarantine: *{'; '.join(reasons)}*")
    if notes:
        parts.append(f"noted: {', '.join(f'`{name}`' for name in notes)}")
    return "; ".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")

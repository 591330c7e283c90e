"""The screen of `assurance doctor`: every finding, with what to do about it."""

from collections.abc import Sequence

import click

from oic_assurance.operations.doctor.finding import Examination, Finding, State
from oic_assurance.reporting.screens.layout import count, width, wrapped

#: For each state, the word in front of a finding, and its colour on a terminal.
WORDS: dict[State, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "attention": ("attention", "yellow"),
    "failed": ("FAILED", "red"),
    "unknown": ("not seen", "magenta"),
}
STATE_WIDTH, LEAST_ROOM = 12, 36


def doctor_screen(found: Examination, *, in_colour: bool = False) -> str:
    """Return the findings of every look below its title, and a summary at the end."""
    findings = [finding for look in found.looks for finding in look.findings]
    # A longer subject has a line of its own, so that enough room is left for the text.
    room = max(LEAST_ROOM, width() - LEAST_ROOM) - STATE_WIDTH
    fitting = [len(one.subject) for one in findings if len(one.subject) + 2 <= room]
    indent = STATE_WIDTH + max(fitting, default=0) + 2
    lines: list[str] = []
    title = ""
    for look in found.looks:
        if look.title != title:
            title = look.title
            lines += ["", click.style(title, bold=True) if in_colour else title]
        for finding in look.findings:
            lines += _lines(finding, indent, in_colour=in_colour)
    return "\n".join([*lines[1:], "", *_summary(findings)]) + "\n"


def _lines(finding: Finding, indent: int, *, in_colour: bool) -> list[str]:
    word, colour = WORDS[finding.state]
    first = f"  {word:<{STATE_WIDTH - 2}}{finding.subject:<{indent - STATE_WIDTH}}"
    if len(first) > indent:
        lines = [first.rstrip(), *wrapped(finding.what, indent)]
    else:
        lines = wrapped(finding.what, indent, first)
    if finding.todo:
        lines += wrapped(finding.todo, indent + 2, f"{' ' * indent}→ ")
    if in_colour:
        lines[0] = lines[0].replace(word, click.style(word, fg=colour), 1)
    return lines


def _summary(findings: Sequence[Finding]) -> list[str]:
    states = [finding.state for finding in findings]
    parts = [
        f"{states.count('failed')} failed",
        f"{count(states.count('attention'), 'needs', 'need')} attention",
        f"{states.count('unknown')} could not be looked at",
        f"{states.count('ok')} ok",
    ]
    return wrapped(f"{count(len(states), 'finding')}: {', '.join(parts)}.")

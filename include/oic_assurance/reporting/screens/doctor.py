"""The screen of `assurance doctor`: every finding, with what to do about it."""

import click

from oic_assurance.operations.doctor.finding import Examination, Finding, State
from oic_assurance.reporting.screens.layout import count, wrapped

#: For each state, the word in front of a finding, and its colour on a terminal.
WORDS: dict[State, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "attention": ("attention", "yellow"),
    "failed": ("FAILED", "red"),
    "unknown": ("not seen", "magenta"),
}
STATE_WIDTH, SUBJECT_WIDTH = 13, 28
INDENT = STATE_WIDTH + SUBJECT_WIDTH


def doctor_screen(found: Examination, *, in_colour: bool = False) -> str:
    """Return the findings of every look below its title, and a summary at the end."""
    lines = []
    for look in found.looks:
        lines.append(click.style(look.title, bold=True) if in_colour else look.title)
        for finding in look.findings:
            lines += _lines(finding, in_colour=in_colour)
    return "\n".join([*lines, "", *_summary(found)]) + "\n"


def _lines(finding: Finding, *, in_colour: bool) -> list[str]:
    word, colour = WORDS[finding.state]
    first = f"  {word:<{STATE_WIDTH - 2}}{finding.subject:<{SUBJECT_WIDTH - 2}}  "
    if len(first) > INDENT:
        # The subject is too long for its column, so the text begins on the next line.
        lines = [first.rstrip(), *wrapped(finding.what, INDENT)]
    else:
        lines = wrapped(finding.what, INDENT, first)
    if finding.todo:
        lines += wrapped(finding.todo, INDENT, " " * (INDENT - 4) + "do: ")
    if in_colour:
        lines[0] = lines[0].replace(word, click.style(word, fg=colour), 1)
    return lines


def _summary(found: Examination) -> list[str]:
    states = [finding.state for look in found.looks for finding in look.findings]
    numbers = {state: states.count(state) for state in WORDS}
    parts = [
        f"{numbers['failed']} failed",
        f"{count(numbers['attention'], 'needs', 'need')} attention",
        f"{numbers['unknown']} could not be looked at",
        f"{numbers['ok']} ok",
    ]
    return wrapped(f"{count(len(states), 'finding')}: {', '.join(parts)}.")

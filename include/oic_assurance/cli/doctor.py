"""`assurance doctor`: check the whole installation, and say what to do."""

import sys

import click

from oic_assurance.cli.result import Result, Table, columns
from oic_assurance.cli.shown import shows
from oic_assurance.cli.status import problems_table
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.formats import count
from oic_assurance.operations.doctor.checks import State, forget, measure, record
from oic_assurance.operations.doctor.registry import CHECKS
from oic_assurance.platform.progress import Screen
from oic_assurance.settings import Settings
from oic_assurance.state.read import no_server, open_problems

#: The exit code for the worst state of a finding.
EXIT_CODES: dict[State, int] = {"ok": 0, "unknown": 1, "advice": 1, "attention": 1, "failed": 2}


@click.command()
@click.option("--forget", "host", metavar="HOST", help="Forget a host that is gone, and no more.")
@shows
def doctor(settings: Settings, host: str | None) -> Result:
    """Check the whole installation, and say what to do. What is found is put on record.

    The exit code is 0 if everything is ok, 1 if something needs attention or could not be checked,
    and 2 if something failed. If the warehouse does not answer, the rest is checked. If its disk is
    full, what was found is only shown.
    """
    if host is not None:
        return Result([f"Forgotten: {count(forget(settings, host), 'measurement')} on {host}."])
    notes: list[str] = []
    with Screen(sys.stderr) as screen:
        # The step is never closed, so its line vanishes before the findings are shown.
        step = screen.step("Checking")
        measured = measure(settings, CHECKS, lambda check: setattr(step, "detail", check.name))
    try:
        record(settings, measured)
    except ServerError:
        pass  # Reading the problems says the same.
    except AssuranceError as error:
        notes.append(error.message)
    try:
        problems = open_problems(settings)
    except ServerError as error:
        problems = [no_server(error)]
    findings = [(one.check.title, finding) for one in measured for finding in one.findings]
    shown_above = {finding.what for _, finding in findings}
    unseen = [one for one in problems if one.what not in shown_above]
    on_record = [problems_table(unseen, "What the record says")] if unseen else []
    shown = columns("state:state", "subject", "what", ">todo=→")
    by_part = [
        Table(
            title.lower().replace(" ", "_"),
            shown,
            [finding for part, finding in findings if part == title],
            title,
            has_head=False,
        )
        for title in dict.fromkeys(title for title, _ in findings)
    ]
    states = [finding.state for _, finding in findings]
    counts = [f"{states.count(state)} {state}" for state in EXIT_CODES if state in states]
    summary = ": ".join(filter(None, (count(len(states), "finding"), ", ".join(counts)))) + "."
    code = max([EXIT_CODES[state] for state in states] + [1 for _ in problems], default=0)
    return Result([*by_part, *on_record, *notes, summary], exit_code=code)

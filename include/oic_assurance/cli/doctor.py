"""`assurance doctor`: look at the whole installation, and say what to do."""

import os
import sys
from functools import partial

import click

from oic_assurance.cli.shared import json_option, show
from oic_assurance.operations.doctor.finding import EXIT_CODES, examine
from oic_assurance.operations.doctor.looks import LOOKS
from oic_assurance.operations.doctor.server import answers
from oic_assurance.platform import looks as above
from oic_assurance.platform.progress import Screen
from oic_assurance.reporting.screens.doctor import doctor_screen
from oic_assurance.settings import load_settings


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Look at the whole installation, and say what to do. Nothing is changed.

    The exit code is 0 if everything is ok, 1 if something needs attention or could not be looked
    at, and 2 if something failed. If the warehouse does not answer, the rest is looked at.
    """
    settings = load_settings()
    with Screen(sys.stderr) as screen:
        # The step is never closed, so its line vanishes before the findings are shown.
        step = screen.begin("Looking at")

        def tell(title: str) -> None:
            step.detail = title

        found = examine(settings, (*LOOKS, *above.LOOKS), answers(settings), tell)
    in_colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    show(found, partial(doctor_screen, in_colour=in_colour), as_json=as_json)
    return EXIT_CODES[found.state]

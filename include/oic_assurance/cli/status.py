"""`assurance status`: show the last run, and what failed."""

import sys

import click

from oic_assurance.cli.shared import document, json_option, show
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.notifications.notify import run_deadline
from oic_assurance.notifications.problems import open_problems
from oic_assurance.publishing.publication import current_publication
from oic_assurance.reporting.screens.facts import read_status
from oic_assurance.reporting.screens.monitor import EXIT_CODES, State, line, one_line, state_of
from oic_assurance.reporting.screens.screen import status_screen
from oic_assurance.settings import load_settings


@click.command()
@click.option(
    "--monitor",
    is_flag=True,
    help="For a monitor: one line, and exit code 0 ok, 1 warning, 2 critical, 3 unknown.",
)
@json_option
def status(monitor: bool, as_json: bool) -> int:
    """Show the last run, the current publication, the freshness of datasets, and what failed."""
    if monitor:
        return _monitor(as_json=as_json)
    show(read_status(load_settings()), status_screen, as_json=as_json)
    return 0


def _monitor(*, as_json: bool) -> int:
    """Print the state for a monitor, and return the exit code that the monitor reads.

    A monitor reads every exit code as a state, so no error may end the command with another one.
    """
    try:
        state, text = _state_as_json() if as_json else _state_as_line()
    except ServerError as error:
        # Without the server, readers see nothing.
        state, text = _without_status("critical", error.message, as_json=as_json)
    except AssuranceError as error:
        state, text = _without_status("unknown", error.message, as_json=as_json)
    except Exception as error:
        why = f"unexpected {type(error).__name__}"
        state, text = _without_status("unknown", why, as_json=as_json)
    sys.stdout.write(text)
    return EXIT_CODES[state]


def _state_as_json() -> tuple[State, str]:
    found = read_status(load_settings())
    return found.state, document(found)


def _state_as_line() -> tuple[State, str]:
    settings = load_settings()
    problems = open_problems(settings, utc_now(), run_deadline())
    publication = current_publication(settings)
    state = state_of(problems, is_published=publication is not None)
    return state, line(state, problems, publication)


def _without_status(state: State, message: str, *, as_json: bool) -> tuple[State, str]:
    if as_json:
        return state, document({"state": state, "message": message})
    return state, one_line(state, message)

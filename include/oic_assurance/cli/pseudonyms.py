"""`assurance pseudonyms`: replace all pseudonyms, and show the version of their key."""

import sys

import click

from oic_assurance import pipeline
from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import json_option, show
from oic_assurance.operations.pseudonyms.clean import clean
from oic_assurance.operations.pseudonyms.rekey import rekey as replace_all
from oic_assurance.operations.pseudonyms.status import read_status
from oic_assurance.reporting.screens.pseudonyms import rekey_screen, status_screen
from oic_assurance.settings import load_settings


@click.group(cls=Group)
def pseudonyms() -> None:
    """Replace all pseudonyms of officers, and show the version of their key."""


@pseudonyms.command()
@json_option
def status(as_json: bool) -> int:
    """Show the version of the key, how many pseudonyms there are, and each re-keying.

    The exit code is 1 if this deployment does not have the key of the current version, if a
    re-keying is unfinished, or if somebody has changed what the warehouse recorded about a finished
    re-keying.
    """
    found = read_status(load_settings())
    show(found, status_screen, as_json=as_json)
    return 0 if found.is_well else 1


@pseudonyms.command()
@click.option("--because", metavar="TEXT", help="Why. It is recorded.")
@click.option(
    "--run-was-killed",
    is_flag=True,
    help="Close the record of a run that was killed and is still recorded as running.",
)
@click.option("--yes", is_flag=True, help="Begin without asking for confirmation.")
def rekey(because: str | None, run_was_killed: bool, yes: bool) -> int:
    """Replace all pseudonyms with those of a new key, or finish an interrupted re-keying.

    The new key is generated, unless ASSURANCE_PSEUDONYM_KEY gives one. The earlier key is removed.
    Figures do not change. No run can start until the re-keying has finished.

    The exit code is 1 if readers keep a table locked, so that the next run must remove the last
    traces of the earlier pseudonyms.
    """
    if because is not None and not yes and sys.stdin.isatty():
        click.confirm("Replace all pseudonyms? This cannot be undone", abort=True)
    settings = load_settings()
    done = replace_all(settings, because, run_was_killed=run_was_killed, tell=click.echo)
    click.echo("Dead rows, samples and the write-ahead log are cleaned.")
    waits_for = clean(settings)
    pipeline.tell_what_is_current(settings)
    sys.stdout.write(rekey_screen(done, waits_for))
    return 0 if waits_for is None else 1

"""`assurance notify`: notify people of problems that have begun, changed or ended."""

import click

from oic_assurance.cli.shared import json_option, show
from oic_assurance.clock import utc_now
from oic_assurance.notifications import notify as notifications
from oic_assurance.notifications.channels import configured
from oic_assurance.notifications.problems import open_problems
from oic_assurance.reporting.screens.notifications import (
    Attempts,
    Problems,
    attempts_screen,
    problems_screen,
)
from oic_assurance.settings import load_settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what is wrong now, and send nothing.")
@json_option
def notify(dry_run: bool, as_json: bool) -> int:
    """Notify people by e-mail and webhook of problems that have begun, changed or ended.

    The daily run also sends notifications at its end, and Airflow's scheduler sends them every 15
    minutes. The exit code is 1 if a channel did not accept its message.
    """
    settings = load_settings()
    if dry_run:
        problems = open_problems(settings, utc_now(), notifications.run_deadline())
        show(Problems(problems), problems_screen, as_json=as_json)
        return 0
    if not configured():
        click.echo(
            "No recipient is configured, so nothing is sent: see docs/how-to/notifications.md.",
            err=True,
        )
    attempts = notifications.notify(settings, utc_now())
    for attempt in attempts:
        if attempt.failure:
            click.echo(f"assurance: not delivered: {attempt.failure}", err=True)
    show(Attempts(attempts), attempts_screen, as_json=as_json)
    return 1 if any(attempt.failure for attempt in attempts) else 0

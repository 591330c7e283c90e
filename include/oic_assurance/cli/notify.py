"""`assurance notify`: notify people of problems that have begun, changed or ended."""

import click

from oic_assurance.cli.result import Result, Table, columns
from oic_assurance.cli.shown import shows
from oic_assurance.cli.status import problems_table
from oic_assurance.notifications import notify as notifications
from oic_assurance.notifications.channels import configured
from oic_assurance.notifications.message import body
from oic_assurance.pipeline import observe
from oic_assurance.settings import Settings
from oic_assurance.state.read import open_problems


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what is wrong now, and send nothing.")
@shows
def notify(settings: Settings, dry_run: bool) -> Result:
    """Notify people by e-mail and webhook of problems that have begun, changed or ended.

    The daily run also sends notifications at its end, and Airflow's scheduler sends them every 15
    minutes. The exit code is 1 if a channel did not accept its message.
    """
    observe(settings)
    if dry_run:
        return Result([problems_table(open_problems(settings))])
    attempts = [
        {**vars(one), "text": body(one.news), "changes": len(one.news)}
        for one in notifications.notify(settings)
    ]
    sent = columns("channel", "to_whom", "changes:number", ">failure=Not delivered", ">text")
    nobody = "No recipient is configured, so nothing is sent: see docs/how-to/monitor.md."
    return Result(
        [Table("attempts", sent, attempts), *([] if configured() else [nobody])],
        exit_code=int(any(one["failure"] for one in attempts)),
    )

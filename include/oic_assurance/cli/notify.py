"""`assurance notify`: tell somebody what is wrong, and when it is over."""

import click


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what is wrong now, and send nothing.")
def notify(dry_run: bool) -> int:
    """Send what is new, changed or over, by e-mail and webhook; exit 1 when it is not delivered.

    The daily run does this at its end, and under the scheduler every quarter of an hour.
    """
    from oic_assurance.clock import utc_now
    from oic_assurance.notifications import notify as notifying
    from oic_assurance.notifications.channels import configured
    from oic_assurance.notifications.message import body
    from oic_assurance.notifications.notification import changes
    from oic_assurance.notifications.problems import open_problems
    from oic_assurance.settings import load_settings

    settings = load_settings()
    if dry_run:
        problems = open_problems(settings, utc_now(), notifying.run_deadline())
        click.echo(
            body(changes(problems, [])) if problems else "Nothing is wrong.", nl=not problems
        )
        return 0
    if not configured():
        click.echo("Nobody is named to be told: see docs/how-to/notifications.md.", err=True)
        return 0
    attempts = notifying.notify(settings, utc_now())
    for attempt in attempts:
        if attempt.failure:
            click.echo(f"assurance: not delivered: {attempt.failure}", err=True)
        else:
            click.echo(
                f"Told {attempt.to_whom} by {attempt.channel}:\n\n{body(attempt.news)}", nl=False
            )
    return 1 if any(attempt.failure for attempt in attempts) else 0

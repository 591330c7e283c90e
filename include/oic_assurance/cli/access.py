"""`assurance access`: which login reads the records of which units, or aggregates alone."""

import click


@click.group()
def access() -> None:
    """Let supervisors read their own units' records, and the Commissioner's office aggregates."""


@access.command()
@click.argument("login")
@click.option("--unit", "units", multiple=True, metavar="CODE", help="A team; once for each.")
@click.option("--office", is_flag=True, help="The Commissioner's office: aggregates alone.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")
def give(login: str, units: tuple[str, ...], office: bool, reason: str) -> None:
    """Let LOGIN read. One that does not exist is made; its password is printed once."""
    from oic_assurance.operations.access import give as let_read
    from oic_assurance.settings import load_settings

    if office == bool(units):
        raise click.UsageError("Give --unit, or --office for the Commissioner's office")
    password = let_read(load_settings(), login, units, _said(reason))
    what = f"the records of {', '.join(units)}" if units else "aggregates"
    click.echo(f"'{login}' reads {what}.")
    if password is not None:
        click.echo(f"Its password, which is kept nowhere: {password}")


@access.command()
@click.argument("login")
@click.option("--unit", "units", multiple=True, metavar="CODE", help="Only of this team.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")
def end(login: str, units: tuple[str, ...], reason: str) -> None:
    """Take from LOGIN what it may read; what it has open, it loses with its next statement."""
    from oic_assurance.operations.access import end as take
    from oic_assurance.settings import load_settings

    take(load_settings(), login, units, _said(reason))
    click.echo(f"'{login}' no longer reads {'that' if units else 'anything'}.")


@access.command("list")
def list_() -> None:
    """Show who reads what, and who said so last."""
    from oic_assurance.operations.access import last_change, list_access
    from oic_assurance.reporting.screens.layout import NOTHING, table
    from oic_assurance.settings import load_settings

    settings = load_settings()
    rows = []
    for one in list_access(settings):
        by, because = last_change(settings, one.login) or (NOTHING, NOTHING)
        reads = "aggregates" if one.is_office else ", ".join(one.units) or NOTHING
        rows.append((one.login, reads, by, because))
    if not rows:
        click.echo("Nobody but the readers that a BI tool uses.")
        return
    for line in table(("login", "reads", "said by", "because"), rows, indent=0):
        click.echo(line)


def _said(reason: str) -> str:
    if not reason.strip():
        raise click.UsageError("A reason says something")
    return reason.strip()

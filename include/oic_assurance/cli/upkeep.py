"""`assurance upkeep`: run parts of the upkeep, and decide about records past their retention."""

from datetime import datetime

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import ID, json_option, required_reason, show
from oic_assurance.settings import load_settings


@click.group(cls=Group)
def upkeep() -> None:
    """Keep the warehouse tidy, and decide about records that are past their retention."""


@upkeep.command()
@click.argument("parts", metavar="[PART]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Change nothing. Show what would be done.")
@json_option
def run(parts: tuple[str, ...], dry_run: bool, as_json: bool) -> int:
    """Do the upkeep now, as the DAG `assurance_upkeep` does every night.

    Without PART, all parts are done. A part that fails does not stop the others. The exit code is 1
    if a part failed.
    """
    from oic_assurance.platform.upkeep import run_named
    from oic_assurance.reporting.screens.upkeep import Upkeeps, upkeep_screen

    done = list(run_named(load_settings(), parts, dry_run=dry_run))
    show(Upkeeps(done), upkeep_screen, as_json=as_json)
    return 1 if any(one.outcome == "failed" for one in done) else 0


@upkeep.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the latest run of each part: when, what it did, and how it ended."""
    from oic_assurance.operations.upkeep.record import latest
    from oic_assurance.reporting.screens.upkeep import Upkeeps, upkeep_screen

    show(Upkeeps(latest(load_settings())), upkeep_screen, as_json=as_json)


@upkeep.command()
@click.argument("dataset", required=False)
@json_option
def due(dataset: str | None, as_json: bool) -> None:
    """Show how many records are past their retention. With DATASET, list them with their keys.

    The list is brought up to date every night. Showing keys is logged.
    """
    from oic_assurance.operations.review.due import list_due, show_records
    from oic_assurance.reporting.screens import upkeep as screens
    from oic_assurance.sources.declarations.load import dataset as declared

    settings = load_settings()
    if dataset is None:
        show(screens.DueTables(list_due(settings)), screens.due_screen, as_json=as_json)
    else:
        found = screens.DueRecords(dataset, show_records(settings, declared(dataset)))
        show(found, screens.records_screen, as_json=as_json)


@upkeep.command()
@click.argument("choice", type=click.Choice(["erase", "keep"]))
@click.argument("dataset")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day on which kept records come up for review again. The default is the last day that "
    "is allowed.",
)
@click.option("--reason", help="Why. The reason must not name a record.")
def decide(
    choice: str, dataset: str, keys: tuple[str, ...], until: datetime | None, reason: str | None
) -> None:
    """Decide to erase or to keep records of DATASET that are past their retention.

    Without KEY, the decision is about all records of the dataset that wait for one. The next upkeep
    erases what was decided. With ASSURANCE_SECOND_PERSON, somebody else must confirm the decision.
    """
    from oic_assurance.operations.review.decisions import Wish
    from oic_assurance.operations.review.decisions import decide as record
    from oic_assurance.reporting.screens.upkeep import decision_line
    from oic_assurance.sources.declarations.load import dataset as declared
    from oic_assurance.warehouse.connections import acting_account

    settings = load_settings()
    if choice == "erase" and until is not None:
        raise click.UsageError("--until is only for records that are kept.")
    wish = Wish(
        "erase" if choice == "erase" else "keep",
        required_reason(reason, f"Why {choice} these records of {dataset}?"),
        acting_account(),
        until.date() if until else None,
    )
    for one in record(settings, declared(dataset), keys, wish):
        click.echo(decision_line(one))


@upkeep.command()
@click.argument("decision", metavar="DECISION", type=ID)
def confirm(decision: int) -> None:
    """Confirm another person's decision, as the second person."""
    from oic_assurance.operations.review.decisions import confirm as record
    from oic_assurance.reporting.screens.upkeep import decision_line
    from oic_assurance.warehouse.connections import acting_account

    click.echo(decision_line(record(load_settings(), decision, acting_account())))


@upkeep.command()
@json_option
def decisions(as_json: bool) -> None:
    """List the decisions about records past their retention, the newest first."""
    from oic_assurance.operations.review.decisions import list_decisions
    from oic_assurance.reporting.screens.upkeep import Decisions, decisions_screen

    show(Decisions(list_decisions(load_settings())), decisions_screen, as_json=as_json)

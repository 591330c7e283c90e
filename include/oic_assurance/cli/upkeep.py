"""`assurance upkeep`: run parts of the upkeep, and decide about records past their retention."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Result, Table
from oic_assurance.cli.shared import DAY, ID, followed, reason_for
from oic_assurance.cli.shown import shows
from oic_assurance.settings import Settings

if TYPE_CHECKING:
    from oic_assurance.operations.review import Choice


@click.group(cls=Group)
def upkeep() -> None:
    """Keep the warehouse tidy, and decide about records that are past their retention."""


@upkeep.command()
@click.argument("parts", metavar="[PART]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Change nothing. Show what would be done.")
@shows
def run(settings: Settings, parts: tuple[str, ...], dry_run: bool) -> Result:
    """Do the upkeep now, as the DAG `assurance_upkeep` does every night.

    Without PART, all parts are done. A part that fails does not stop the others. The exit code is 1
    if a part failed.
    """
    from oic_assurance.platform.upkeep import run_named

    done = followed("Upkeep", run_named(settings, parts, dry_run=dry_run), lambda one: one.part)
    has_failed = any(one.outcome == "failed" for one in done)
    return Result([Table("parts", (), done)], exit_code=int(has_failed))


@upkeep.command("list")
@shows
def list_(settings: Settings) -> Result:
    """List the latest run of each part: when, what it did, and how it ended."""
    from oic_assurance.operations.upkeep import latest

    empty = "No upkeep has run: `assurance upkeep run` runs it."
    return Result([Table("parts", (), latest(settings), empty=empty)])


@upkeep.command()
@click.argument("dataset", required=False)
@shows
def due(settings: Settings, dataset: str | None) -> Result:
    """Show how many records are past their retention. With DATASET, list them with their keys.

    The list is brought up to date every night. Showing keys is logged. A record without a key
    stands for all rows in quarantine that have no readable key.
    """
    from oic_assurance.operations.review import list_due, show_records
    from oic_assurance.sources.declarations.load import dataset as declared

    empty = "No record is past its retention."
    if dataset is None:
        return Result([Table("tables", (), list_due(settings), empty=empty)])
    return Result([Table("records", (), show_records(settings, declared(dataset)), empty=empty)])


@upkeep.command()
@click.argument("choice", type=click.Choice(["erase", "keep"]))
@click.argument("dataset")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--until", type=DAY, help="The next review, if not on the last day allowed.")
@reason_for("Why are these records erased or kept?")
@shows
def decide(
    settings: Settings,
    choice: "Choice",
    dataset: str,
    keys: tuple[str, ...],
    until: datetime | None,
    reason: str,
) -> Result:
    """Decide to erase or to keep records of DATASET that are past their retention.

    Without KEY, the decision is about all records of the dataset that wait for one. The next upkeep
    erases what was decided. With ASSURANCE_SECOND_PERSON, somebody else must confirm the decision.
    The reason must not name a record.
    """
    from oic_assurance.operations.review import Wish
    from oic_assurance.operations.review import decide as record
    from oic_assurance.sources.declarations.load import dataset as declared
    from oic_assurance.warehouse.connections import acting_account

    if choice == "erase" and until is not None:
        raise click.UsageError("--until is only for records that are kept.")
    wish = Wish(choice, reason, acting_account(), until.date() if until else None)
    return _decisions(record(settings, declared(dataset), keys, wish))


@upkeep.command()
@click.argument("decision", type=ID)
@shows
def confirm(settings: Settings, decision: int) -> Result:
    """Confirm another person's decision, as the second person."""
    from oic_assurance.operations.review import confirm as record
    from oic_assurance.warehouse.connections import acting_account

    return _decisions([record(settings, decision, acting_account())])


@upkeep.command()
@shows
def decisions(settings: Settings) -> Result:
    """List the decisions about records past their retention, the newest first."""
    from oic_assurance.operations.review import list_decisions

    return _decisions(list_decisions(settings))


def _decisions(found: Sequence[Any]) -> Result:
    empty = "Nobody has decided about a record that is past its retention."
    confirms = any(one.waits_for for one in found)
    return Result(
        [Table("decisions", (), found, empty=empty)],
        next="a second person confirms: `assurance upkeep confirm DECISION`." if confirms else "",
    )

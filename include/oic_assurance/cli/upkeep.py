"""`assurance upkeep`: run parts of the upkeep, and decide about records past their retention."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Result, Table, columns
from oic_assurance.cli.shared import ID, followed, required_reason
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count, day
from oic_assurance.settings import load_settings

if TYPE_CHECKING:
    from oic_assurance.operations.review.decisions import Decision
    from oic_assurance.operations.upkeep.record import Upkeep


@click.group(cls=Group)
def upkeep() -> None:
    """Keep the warehouse tidy, and decide about records that are past their retention."""


@upkeep.command()
@click.argument("parts", metavar="[PART]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Change nothing. Show what would be done.")
@shows
def run(parts: tuple[str, ...], dry_run: bool) -> Result:
    """Do the upkeep now, as the DAG `assurance_upkeep` does every night.

    Without PART, all parts are done. A part that fails does not stop the others. The exit code is 1
    if a part failed.
    """
    from oic_assurance.platform.upkeep import run_named

    done = run_named(load_settings(), parts, dry_run=dry_run)
    return _parts(followed("Upkeep", done, lambda one: one.part), is_over=True)


@upkeep.command("list")
@shows
def list_() -> Result:
    """List the latest run of each part: when, what it did, and how it ended."""
    from oic_assurance.operations.upkeep.record import latest

    return _parts(latest(load_settings()), is_over=False)


@upkeep.command()
@click.argument("dataset", required=False)
@shows
def due(dataset: str | None) -> Result:
    """Show how many records are past their retention. With DATASET, list them with their keys.

    The list is brought up to date every night. Showing keys is logged.
    """
    from oic_assurance.operations.review.due import list_due, show_records
    from oic_assurance.sources.declarations.load import dataset as declared

    settings = load_settings()
    if dataset is None:
        tables = Table(
            "tables",
            columns(
                *("dataset", "table_name=table", "records:number", "undecided:number"),
                *("unconfirmed:number=to confirm", "to_erase:number=to erase", "kept:number"),
                ">undecided_since:moment=undecided since",
            ),
            list_due(settings),
            empty="No record is past its retention.",
        )
        return Result([tables])
    found = show_records(settings, declared(dataset))
    records = Table(
        "records",
        columns(
            *("row_key=key", "table_name=table", "due_at:moment=retention ended"),
            *("since:moment=waits since", "state", "-due_id", "-dataset"),
        ),
        found,
        empty=f"{dataset}: no record is past its retention.",
    )
    unkeyed = any(one.row_key is None for one in found)
    why = "Without a key: all rows in quarantine that have no readable key."
    return Result([records, *([why] if unkeyed else [])])


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
@click.option("--reason", metavar="TEXT", help="Why. The reason must not name a record.")
@shows
def decide(
    choice: str, dataset: str, keys: tuple[str, ...], until: datetime | None, reason: str | None
) -> Result:
    """Decide to erase or to keep records of DATASET that are past their retention.

    Without KEY, the decision is about all records of the dataset that wait for one. The next upkeep
    erases what was decided. With ASSURANCE_SECOND_PERSON, somebody else must confirm the decision.
    """
    from oic_assurance.operations.review.decisions import Wish
    from oic_assurance.operations.review.decisions import decide as record
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
    return Result([_sentence(one) for one in record(settings, declared(dataset), keys, wish)])


@upkeep.command()
@click.argument("decision", metavar="DECISION", type=ID)
@shows
def confirm(decision: int) -> Result:
    """Confirm another person's decision, as the second person."""
    from oic_assurance.operations.review.decisions import confirm as record
    from oic_assurance.warehouse.connections import acting_account

    return Result([_sentence(record(load_settings(), decision, acting_account()))])


@upkeep.command()
@shows
def decisions() -> Result:
    """List the decisions about records past their retention, the newest first."""
    from oic_assurance.operations.review.decisions import list_decisions

    found = list_decisions(load_settings())
    table = Table(
        "decisions",
        columns(
            *("decision_id=decision", "dataset", "decision=choice", "records:number"),
            *("decided_at:moment=decided", "account=by", ">reason", "-table_name"),
            *("-needs_second", ">confirmed_account=confirmed by", "-confirmed_at"),
            *(">waits_for=waits for", ">keep_until:day=kept until"),
            *(">carried_out_at:moment=ended", ">erased:number"),
        ),
        [{**vars(one), "waits_for": "a second person" if one.waits else None} for one in found],
        empty="Nobody has decided about a record that is past its retention.",
    )
    return Result([table])


def _parts(found: "Sequence[Upkeep]", *, is_over: bool) -> Result:
    """Return what each part did. `is_over` if the parts have run now, so a failure counts."""
    table = Table(
        "parts",
        columns(
            *("part", "started_at:moment=started", "outcome:state", "bytes_before:size=before"),
            *("bytes_after:size=after", "did", ">message", "-ended_at", "-done_at"),
        ),
        [{**vars(one), "did": {name: n for name, n in one.did.items() if n}} for one in found],
        empty="No upkeep has run: `assurance upkeep run` runs it.",
    )
    failed = is_over and any(one.outcome == "failed" for one in found)
    return Result([table], exit_code=int(failed))


def _sentence(one: "Decision") -> str:
    """Return what follows from a decision that was just made or confirmed."""
    if one.waits:
        then = f"It waits for a second person: `assurance upkeep confirm {one.decision_id}`."
    elif one.decision == "erase":
        then = "The next upkeep does it."
    else:
        then = f"The next review is on {day(one.keep_until)}."
    records = count(one.records, "record")
    return f"Decision {one.decision_id}: {one.decision} {records} of {one.dataset}. {then}"

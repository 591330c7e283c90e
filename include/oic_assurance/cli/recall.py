"""`assurance recall`: list recalls of records whose marking has risen, and approve an erasure."""

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.output import show
from oic_assurance.cli.parameters import ID, json_option, required_reason
from oic_assurance.operations.recall.recall import approve as approve_erasure
from oic_assurance.reporting.screens.recalls import read_recalls, recalls_screen
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.account import account


@click.group(cls=Group)
def recall() -> None:
    """List recalls of records whose marking has risen, and approve their erasure."""


@recall.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all recalls, the newest first. The list does not name the records."""
    show(read_recalls(load_settings()), recalls_screen, as_json=as_json)


@recall.command()
@click.argument("recall_id", metavar="ID", type=ID)
@click.option("--reason", help="Why the markings are right.")
def approve(recall_id: int, reason: str | None) -> None:
    """Approve the recall ID, so that its records are erased now. This cannot be undone.

    The records are already withdrawn from readers. If their markings were raised by mistake, do not
    approve the recall. Have the markings lowered in the source instead. Then the next run shows the
    records again.
    """
    settings = load_settings()
    reason = required_reason(reason, f"Why are the markings of recall {recall_id} right?")
    done = approve_erasure(settings, recall_id, account(), reason)
    click.echo(
        f"{done.dataset}: {done.left_to_erase} records are erased. The next publication has figures"
        " without them."
    )

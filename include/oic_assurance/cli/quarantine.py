"""`assurance quarantine`: show rejected rows, export them for correction, and replay them."""

import sys
from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import ID, json_option, show
from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.reporting.screens import quarantine as screens
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.account import account

reason_option = click.option(
    "--reason",
    metavar="TEXT",
    help="Only rows with this text in a reason. Case does not matter.",
)
batch_option = click.option(
    "--batch", "batch_id", type=ID, metavar="ID", help="Only rows of this batch."
)


@click.group(cls=Group)
def quarantine() -> None:
    """Show rejected rows, export them for correction, and replay them."""


@quarantine.command("list")
@click.option("--dataset", metavar="NAME", help="Only rows of this dataset.")
@reason_option
@batch_option
@click.option(
    "--all", "with_replayed", is_flag=True, help="Also rows that a replay has landed since."
)
@click.option("--limit", type=ID, default=50, help="How many rows to show.")
@json_option
def list_(
    dataset: str | None,
    reason: str | None,
    batch_id: int | None,
    with_replayed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Count the rejected rows for each reason, and list the newest rows with all their reasons."""
    which = QuarantineFilter(dataset, None, reason, batch_id, with_replayed)
    found = screens.read_quarantine(load_settings(), which, limit)
    show(found, screens.quarantine_screen, as_json=as_json)


@quarantine.command()
@click.argument("dataset")
@click.option(
    "--table", metavar="NAME", help="Only rows of this table, if DATASET has several tables."
)
@reason_option
@batch_option
@click.option(
    "--to",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write. It must not exist yet.",
)
def export(
    dataset: str, table: str | None, reason: str | None, batch_id: int | None, to: Path
) -> None:
    """Write rejected rows of DATASET to a CSV file, in which they can be corrected.

    Only you can read the file. The export is logged.
    """
    # This import is inside the function, because it also imports the readers of all file formats.
    # That takes longer than the whole command `quarantine list`, which does not need them. The
    # function `replay` has an import inside it for the same reason.
    from oic_assurance.operations.replay.export import export_rejected

    which = QuarantineFilter(dataset, table, reason, batch_id)
    exported = export_rejected(load_settings(), which, to, account())
    sys.stdout.write(screens.export_screen(exported, dataset, to))


@quarantine.command()
@click.argument("dataset")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--because",
    "--reason-text",
    "because",
    metavar="TEXT",
    help="Why the rows are replayed. It is recorded.",
)
def replay(dataset: str, file: Path | None, because: str | None) -> None:
    """Load rejected rows of DATASET again, either from FILE or as they were delivered.

    FILE is an export that somebody has corrected. The rows go through the same checks as the rows
    of a delivery. A row that is landed now becomes valid from the time from which it would be valid
    if it had been landed with its original delivery.
    """
    from oic_assurance.operations.replay.replay import replay as replay_rows

    report = replay_rows(load_settings(), dataset, file, because, account())
    sys.stdout.write(screens.replay_screen(report))

"""`assurance quarantine`: rows that broke the source contract, and their way back."""

import getpass
import sys
from pathlib import Path

import click

from oic_assurance.cli.parameters import ID


@click.group()
def quarantine() -> None:
    """Show rows that broke the source contract, correct them, land them."""


@quarantine.command("list")
@click.option("--dataset", help="Of this dataset alone.")
@click.option("--reason", metavar="TEXT", help="With this text in a reason, in any case.")
@click.option("--batch", "batch_id", type=ID, metavar="ID", help="Of this batch alone.")
@click.option("--all", "with_replayed", is_flag=True, help="Also what a replay has landed since.")
@click.option("--limit", type=ID, default=50, show_default=True)
def list_(
    dataset: str | None, reason: str | None, batch_id: int | None, with_replayed: bool, limit: int
) -> None:
    """Count rejected rows by reason, and show them, the newest first, with every reason."""
    from oic_assurance.landing.quarantine import QuarantineFilter
    from oic_assurance.reporting.screens.quarantine import quarantine_screen
    from oic_assurance.settings import load_settings
    from oic_assurance.sources.declarations.load import dataset as declared

    if dataset is not None:
        declared(dataset)
    which = QuarantineFilter(dataset, None, reason, batch_id, with_replayed)
    sys.stdout.write(quarantine_screen(load_settings(), which, limit))


@quarantine.command()
@click.argument("dataset")
@click.option("--table", help="Of this table, where a dataset has several.")
@click.option("--reason", metavar="TEXT", help="With this text in a reason, in any case.")
@click.option("--batch", "batch_id", type=ID, metavar="ID", help="Of this batch alone.")
@click.option(
    "--to",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; it must not be there yet.",
)
def export(
    dataset: str, table: str | None, reason: str | None, batch_id: int | None, to: Path
) -> None:
    """Write rejected rows of DATASET as CSV, to be corrected. Only you can read the file."""
    from oic_assurance.landing.quarantine import QuarantineFilter
    from oic_assurance.operations.replay.export import export_rejected
    from oic_assurance.reporting.screens.quarantine import export_lines
    from oic_assurance.settings import load_settings

    which = QuarantineFilter(dataset, table, reason, batch_id)
    exported = export_rejected(load_settings(), which, to, getpass.getuser())
    sys.stdout.write(export_lines(exported, dataset, to))


@quarantine.command()
@click.argument("dataset")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--because", "--reason-text", "because", metavar="TEXT", help="Why, for the record.")
def replay(dataset: str, file: Path | None, because: str | None) -> None:
    """Land rejected rows of DATASET through the same door, as they came or as FILE corrects them.

    FILE is what `export` wrote, corrected. What lands counts from when its delivery was.
    """
    from oic_assurance.operations.replay.replay import replay as replay_rows
    from oic_assurance.reporting.screens.quarantine import replay_lines
    from oic_assurance.settings import load_settings

    report = replay_rows(load_settings(), dataset, file, because, getpass.getuser())
    sys.stdout.write(replay_lines(report))

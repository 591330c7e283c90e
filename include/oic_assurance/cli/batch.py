"""`assurance batch`: deliveries as they were kept, and whether raw agrees with them."""

import sys

import click

from oic_assurance.cli.parameters import ID


@click.group()
def batch() -> None:
    """List the batches that were landed, and prove that raw agrees with what was kept of them."""


@batch.command("list")
@click.argument("dataset", required=False)
@click.option("--limit", type=ID, default=50, show_default=True)
def list_(dataset: str | None, limit: int) -> None:
    """Show landed batches, the newest first: what, from where, when, how much, by which run."""
    from oic_assurance.reporting.screens.batches import batches_screen
    from oic_assurance.settings import load_settings
    from oic_assurance.sources.declarations.load import dataset as declared

    name = declared(dataset).name if dataset else None
    sys.stdout.write(batches_screen(load_settings(), name, limit))


@batch.command()
@click.argument("dataset", required=False)
@click.option("--batch", "batch_id", type=ID, metavar="ID", help="This batch alone.")
def verify(dataset: str | None, batch_id: int | None) -> int:
    """Read the kept batches again and prove that raw agrees with them, row for row.

    Exit 1 when anything does not agree; each disagreement is one line: dataset, batch, place, row,
    what.
    """
    from oic_assurance.batches.archive_reader import find_batch
    from oic_assurance.errors import UsageError
    from oic_assurance.operations.verify.verify import verify as verified
    from oic_assurance.reporting.screens.batches import proof_lines
    from oic_assurance.settings import load_settings
    from oic_assurance.sources.declarations.load import dataset as declared

    settings = load_settings()
    name = declared(dataset).name if dataset else None
    if batch_id is not None:
        found = find_batch(settings, batch_id)
        if name not in (None, found.dataset):
            raise UsageError(f"Batch {batch_id} is {found.dataset}'s, not {name}'s.")
        name = found.dataset
    agree = True
    for proof in verified(settings, name, batch_id):
        for line in proof_lines(proof):
            click.echo(line)
        agree = agree and not proof.disagreements
    return 0 if agree else 1

"""`assurance batch`: landed batches, and the archive of their deliveries."""

from collections.abc import Iterable

import click

from oic_assurance.batches.archive_reader import archived_batches, find_batch
from oic_assurance.batches.archive_store import ARCHIVE, archive_store
from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Result, Table, columns
from oic_assurance.cli.shared import ID, followed, reason_for
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.warehouse.account import account
from oic_assurance.warehouse.connections import connect


@click.group(cls=Group)
def batch() -> None:
    """List landed batches, compare raw with the archive, and change what the archive holds."""


@batch.command("list")
@click.argument("dataset", required=False)
@click.option("--limit", type=ID, default=50, help="How many batches to show.")
@shows
def list_(settings: Settings, dataset: str | None, limit: int) -> Result:
    """List the landed batches of DATASET, or of all datasets. The newest batch comes first.

    A file is *replaced* if an erasure has left only its remaining rows in the archive.
    """
    name = declared(dataset).name if dataset else None
    with connect(settings, role="oic_landing") as warehouse:
        found = archived_batches(warehouse, settings.force_code, name)
    found.sort(key=lambda one: -one.batch_id)
    store = archive_store(settings)
    folders = {f"{ARCHIVE}/{one.dataset}" for one in found[:limit]}
    there = {file for folder in folders for file in store.files(folder)}
    rows = [
        {**vars(one), "rows_erased": one.gap_count, "is_in_archive": one.archived_as in there}
        for one in found[:limit]
    ]
    newest = f"These are the newest {len(rows):,} of {len(found):,} batches: see --limit."
    what = columns(
        *(
            "batch_id=batch",
            "dataset",
            "delivered_for",
            "landed_at=landed",
            "row_count:number=rows",
        ),
        *("rows_new:number=new", "rows_rejected:number=rejected", "rows_erased:number=erased"),
        *("is_in_archive=archived", "is_replaced=replaced", "source_place=place", "run_id=run"),
    )
    table = Table("batches", what, rows, empty="Nothing has been landed yet.")
    return Result([table, *([newest] if len(found) > limit else [])])


@batch.command()
@click.argument("dataset", required=False)
@click.option("--batch", "batch_id", type=ID, metavar="ID", help="Verify this batch only.")
@shows
def verify(settings: Settings, dataset: str | None, batch_id: int | None) -> Result:
    """Read archived batches again, and compare their rows with the rows of raw.

    Each difference is shown with the dataset, the batch, the table and the row. The exit code is 1
    if there is a difference.
    """
    # This import is inside the function, because it also imports the readers of all file formats.
    # That takes as long as the whole command `batch list`, which does not need them.
    from oic_assurance.operations.verify.verify import verify as verified

    name = declared(dataset).name if dataset else None
    if batch_id is not None:
        name = find_batch(settings, batch_id, name).dataset
    compared = verified(settings, name, batch_id)
    proofs = followed("Comparing", compared, lambda proof: proof.dataset)
    rows = [
        {
            **vars(proof),
            "verdict": "DISAGREE" if proof.disagreements else "agree",
            "disagreements": proof.disagreements,
        }
        for proof in proofs
    ]
    what = columns("dataset", "batches:number", "rows:number", "verdict:state", ">disagreements")
    left_out = [
        {"batch_id": one.batch_id, "source_place": one.source_place, "why": why}
        for proof in proofs
        for one, why in proof.not_compared
    ]
    replaced = sum(proof.replaced for proof in proofs)
    said = f"An erasure has replaced {count(replaced, 'delivered file')} by the remaining rows."
    return Result(
        [
            Table("datasets", what, rows),
            Table("not_compared", (), left_out, "Rows that were not compared", at_most=5),
            *([said] if replaced else []),
        ],
        exit_code=int(any(one.disagreements for one in proofs)),
    )


@batch.command()
@click.argument("dataset")
@reason_for("Why are the records gone?")
@shows
def accept(settings: Settings, dataset: str, reason: str) -> Result:
    """Accept that most records of DATASET are gone, so that the next run lands its delivery.

    A delivery is refused if it would make most of the known records vanish.
    """
    # Imported here for the same reason as in `verify`.
    from oic_assurance.landing.emptied import accept as accepted

    refused = accepted(settings, declared(dataset), account(), reason)
    may_vanish = f"{refused.vanishing:,} of {refused.known:,} known records of {refused.table_name}"
    return Result([f"{may_vanish} may vanish."], next="`assurance run` lands the delivery.")


@batch.command()
@click.option("--again", is_flag=True, help="Encrypt all files again, with the first key.")
@shows
def encrypt(settings: Settings, again: bool) -> Result:
    """Encrypt the archived files that are not encrypted yet, with ASSURANCE_ARCHIVE_KEY."""
    from oic_assurance.operations.encrypt_archive import encrypt_archive

    done = followed("Encrypting", encrypt_archive(settings, again=again), lambda one: one[0])
    total = sum(files for _, files in done)
    return Result([_counts("encrypted", "files", done), f"Archived files encrypted: {total:,}."])


def _counts(name: str, what: str, found: Iterable[tuple[str, int]]) -> Table:
    """Return a table of how many files of each dataset were changed."""
    return Table(name, (), [{"dataset": one, what: count} for one, count in found if count])
